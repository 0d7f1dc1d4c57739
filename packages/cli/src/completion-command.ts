/** `countersign completion`: a script for the shell, made from the commands themselves. */
import { Argument, type Command } from 'commander';
import type { Output } from './context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function addCompletionCommand(program: Command, output: Output): void {
  program
    .command('completion')
    .description('print what completes the commands in a shell: source <(countersign completion bash)')
    .addArgument(new Argument('<shell>').choices([...SHELLS]))
    .action((shell: Shell) => output.write(completionFor(shell, [...wordsOf(program)])));
}

/** What may follow a command: its own commands and options. `path` is '' for the program, else ` jobs submit`. */
type Words = { path: string; words: readonly string[] };

function* wordsOf(command: Command, path = ''): Generator<Words> {
  const options = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  const names = command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
  yield { path, words: [...names, ...options, '--help'] };
  for (const each of command.commands)
    for (const name of [each.name(), ...each.aliases()]) yield* wordsOf(each, `${path} ${name}`);
}

function completionFor(shell: Shell, all: readonly Words[]): string {
  if (shell === 'fish') return fish(all);
  return shell === 'zsh' ? `autoload -Uz bashcompinit && bashcompinit\n${bash(all)}` : bash(all);
}

/** Words that are no commands (options, arguments) do not lead deeper. */
function bash(all: readonly Words[]): string {
  return `_countersign() {
  local path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$path $word" in
      ${patterns(all)}) path="$path $word" ;;
    esac
  done
  case "$path" in
${all.map(({ path, words }) => `    "${path}") word="${words.join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$word" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _countersign countersign
`;
}

function fish(all: readonly Words[]): string {
  const known = all.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `function __countersign_words
  set -l path ''
  for word in (commandline -opc)[2..]
    contains -- "$path $word" ${known.join(' ')}; and set path "$path $word"
  end
  switch "$path"
${all.map(({ path, words }) => `    case '${path}'\n      printf '%s\\n' ${words.join(' ')}`).join('\n')}
  end
end
complete -c countersign -a '(__countersign_words)'
`;
}

function patterns(all: readonly Words[]): string {
  return all.flatMap(({ path }) => (path === '' ? [] : [`"${path}"`])).join('|');
}
