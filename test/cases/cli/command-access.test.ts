/** Each command has a row that says which routes it calls, and calls no other. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildProgram, runCommand } from '@countersign/cli/run-command';
import { COMMANDS } from '@countersign/contracts/access';
import { afterAll, beforeAll, expect, test } from 'vitest';

type Command = ReturnType<typeof buildProgram>;

const SILENT = { write: () => {}, writeError: () => {}, exit: () => {} };
/** By the key that a command was given: one that has failed may still be asking. */
const calls = new Map<string, string[]>();
const server = createServer((request, response) => {
  const key = String(request.headers['x-api-key']);
  const call = `${request.method} ${request.url!.split('?')[0]!.replace('/api/v1', '')}`;
  calls.set(key, [...(calls.get(key) ?? []), call]);
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":"not_found","detail":"x"}');
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((closed) => server.close(closed)));

const leaves = [
  ...leavesOf(
    buildProgram(SILENT, () => {}),
    [],
  ),
];

function* leavesOf(command: Command, names: string[]): Generator<[string, Command]> {
  if (command.commands.length === 0) yield [names.join(' '), command];
  for (const each of command.commands) yield* leavesOf(each, [...names, each.name()]);
}

/** What a command cannot do without: something in each place. */
function samplesOf(command: Command): string[] {
  const given = command.registeredArguments.filter(({ required }) => required).map(() => 'p/w');
  const options = command.options.filter(({ mandatory }) => mandatory);
  return [...given, ...options.flatMap(({ long, argChoices }) => [long!, argChoices?.[0] ?? '1'])];
}

/** `{id}` stands for one part of a path. */
function isOf(call: string, route: string): boolean {
  return new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(call);
}

test('the table has a row for every command and no other', () => {
  expect(leaves.map(([name]) => name).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
});

test('no option takes an argument of its command for another value of its own', () => {
  const greedy = leaves.flatMap(([name, { options }]) =>
    options.filter(({ variadic }) => variadic).map(({ flags }) => `${name} ${flags}`),
  );
  expect(greedy).toEqual([]);
});

test('what a command calls stands in its row', async () => {
  const seen: Record<string, string[]> = {};
  for (const [name, command] of leaves) {
    await runCommand(['--url', url, '--key', `of ${name}`, ...name.split(' '), ...samplesOf(command)], SILENT);
    seen[name] = calls.get(`of ${name}`) ?? [];
  }
  for (const [name, called] of Object.entries(seen))
    for (const call of called)
      expect(
        COMMANDS[name]!.some((route) => isOf(call, route)),
        `${name} calls ${call}`,
      ).toBe(true);
  expect(Object.values(seen).filter((called) => called.length > 0).length).toBeGreaterThan(40);
});
