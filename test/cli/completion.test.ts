/** The scripts of `gobs completion`, run by the real shells where they are there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelOfCommands } from '../../src/cli/program.ts';
import { completionScript, shells } from '../../src/cli/completion/scripts.ts';
import { makeHarness } from './run-in-process.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gobs-completion-'));
  for (const shell of shells) {
    writeFileSync(join(directory, shell), completionScript(shell, modelOfCommands('1.2.3')));
  }
  // What asks for names is the gobs of the line: one that says how it was asked.
  const asked = join(directory, 'asked');
  const fake = `#!/bin/sh\necho "$*" >> ${asked}\nprintf 'web1\\nweb2\\ndb1\\n'\n`;
  writeFileSync(join(directory, 'gobs'), fake, { mode: 0o755 });
});
afterAll(() => rmSync(directory, { recursive: true }));

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** What each shell makes of a line whose last word is not finished, as it would show it. */
const candidates: Readonly<Record<(typeof shells)[number], (line: readonly string[]) => readonly string[]>> = {
  bash: (line) => {
    const script = `source ${directory}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gobs; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', ['--norc', '-c', script, 'bash', ...line]);
  },
  // Outside of its editor the functions that show are not there: these ones filter as it does.
  zsh: (line) => {
    const stubs = `compadd() { local word; for word in "\${@:2}"; do [[ $word == \${words[CURRENT]}* ]] && print -r -- $word; done; true }; _files() { print FILES }; compdef() { true }`;
    const script = `${stubs}; source ${directory}/zsh; words=("$@"); CURRENT=$#; _gobs`;
    return run('zsh', ['-f', '-c', script, 'zsh', ...line]);
  },
  fish: (line) => {
    const script = `source ${directory}/fish; complete -C '${line.join(' ')}'`;
    return run('fish', ['-N', '-c', script]).map((each) => each.split('\t')[0]!);
  },
};

const run = (shell: string, words: readonly string[]): readonly string[] => {
  const env = { ...process.env, PATH: `${directory}:${process.env.PATH}`, HOME: directory };
  const said = execFileSync(shell, words, { encoding: 'utf8', env, cwd: directory });
  return said.split('\n').filter((each) => each !== '');
};

describe.each(shells)('%s', (shell) => {
  const complete = (line: string): readonly string[] => [...candidates[shell](line.split(' '))].sort();
  const there = isThere(shell);

  test.skipIf(!there)('completes commands, and those of a group', () => {
    expect(complete('gobs mach')).toEqual(['machine']);
    expect(complete('gobs machine s')).toEqual(['show', 'start', 'stop']);
    expect(complete('gobs store ver')).toEqual(['verify']);
  });

  test.skipIf(!there)('completes options, and the values that they can have', () => {
    expect(complete('gobs drift --fo')).toEqual(['--follow']);
    expect(complete('gobs machine show --js')).toEqual(['--json']);
    expect(complete('gobs share web1 --as o')).toEqual(['observer', 'operator']);
    expect(complete('gobs completion f')).toEqual(['fish']);
  });

  test.skipIf(!there)('completes names of machines, from the boss that the line names', () => {
    expect(complete('gobs exec web')).toEqual(['web1', 'web2']);
    expect(complete('gobs drift --state here web1 d')).toEqual(['db1']);
    const asked = execFileSync('cat', [join(directory, 'asked')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(asked.at(-1)).toBe('completion machines --state here');
    expect(complete('gobs machine create web')).toEqual([]);
    expect(complete('gobs secret set web')).toEqual([]);
  });
});

describe('names for completion', () => {
  test('are those of the machines, and nothing that is no name', async () => {
    const at = await makeHarness();
    for (const name of ['web1', 'db1']) at.addReady(name);
    at.machines.get('db1')!.status = { ...at.machines.get('db1')!.status, name: '$(touch x)' };
    expect(await at.gobs('completion machines')).toEqual({ code: 0, stdout: 'web1\n', stderr: '' });
    expect((await at.gobs('completion bash')).stdout).toMatch(/^# Completion of gobs for bash/);
    expect(await at.run('completion tcsh')).toMatchObject({ code: 1, stderr: expect.stringContaining('BAD_USAGE') });
    at.end();
  });

  test('every command and option is in each script', () => {
    for (const shell of shells) {
      const script = completionScript(shell, modelOfCommands('1'));
      for (const { path, options } of modelOfCommands('1')) {
        expect(script).toContain(path);
        for (const { flags } of options) expect(script).toContain(flags.at(-1)!.replace(/^--/, ''));
      }
    }
  });
});
