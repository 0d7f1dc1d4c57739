#!/usr/bin/env node
/** Runs the command that the shell asked for. */
import { runCommand } from './run-command.ts';

await runCommand(process.argv.slice(2), {
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
});
