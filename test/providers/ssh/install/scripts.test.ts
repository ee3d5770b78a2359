/** What is sent to a host: words that stay words, scripts that every shell reads, a unit that systemd accepts. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostPlaces } from '../../../../src/providers/ssh/install/host-places.ts';
import { claimScript, endScript, removeScript } from '../../../../src/providers/ssh/install/machine-scripts.ts';
import * as programs from '../../../../src/providers/ssh/install/program-scripts.ts';
import { superviseText, unitText } from '../../../../src/providers/ssh/install/service-files.ts';
import { quote } from '../../../../src/providers/ssh/install/sh-words.ts';
import { surveyScript } from '../../../../src/providers/ssh/install/survey-script.ts';
import { takeOverScript, takeOverText } from '../../../../src/providers/ssh/install/take-over-script.ts';

const places: HostPlaces = {
  programs: '/opt/gobs',
  directory: '/var/lib/gobs/hob',
  units: '/etc/systemd/system',
  service: 'system',
};
const owner = { machineId: 'm1', boss: 'b'.repeat(52) };
const delivery = { path: '/opt/gobs/hobs/1/gobs-hob.mjs', sha256: 'a'.repeat(64), mode: '644', gzip: true };

const scripts: Readonly<Record<string, string>> = {
  survey: surveyScript({ prefix: "/tmp/it's" }),
  claim: claimScript(places, owner),
  end: endScript(places, owner, 'systemctl'),
  'end without systemd': endScript(places, owner, undefined),
  remove: removeScript(places, owner, 'systemctl'),
  has: programs.hasScript(delivery),
  deliver: programs.deliverScript(delivery),
  finish: programs.finishReleaseScript(places, '1', '/usr/bin/node'),
  point: programs.pointScript(places, '1'),
  enable: programs.enableScript('systemctl'),
  start: programs.startUnitScript(places, 'systemctl'),
  'start without systemd': programs.startOwnScript(places),
  supervise: superviseText(places),
  'take over': takeOverText({ places, release: '1', systemctl: 'systemctl', patience: 1 }),
  'take over without systemd': takeOverText({ places, release: '1', systemctl: undefined, patience: 1 }),
  'wait for that': takeOverScript(places),
};

describe('scripts', () => {
  test.each(Object.keys(scripts))('%s: are read by a POSIX shell', (name) => {
    execFileSync('sh', ['-n'], { input: scripts[name]! });
  });

  test('hold any text as one word', () => {
    const some = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 20 }), (words) => {
        const said = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quote).join(' ')}`], { encoding: 'utf8' });
        expect(said.split('\0').slice(0, -1)).toEqual(words.map((word) => Buffer.from(word).toString()));
      }),
      { numRuns: 20 },
    );
    expect(() => quote('a\0b')).toThrow(TypeError);
  });
});

describe('the unit', () => {
  test('starts the hob as it is found again, and is told of by the hob', () => {
    const unit = unitText(places);
    const start = /^ExecStart=(.*)$/m.exec(unit)![1]!;
    expect(start.split(' ')).toEqual([
      ...['/opt/gobs/current/node', '/opt/gobs/current/gobs-hob.mjs', '--root', '/'],
      ...['--directory', '/var/lib/gobs/hob'],
    ]);
    for (const line of [
      'Type=notify',
      'NotifyAccess=all',
      'Restart=always',
      'WatchdogSec=600',
      'WantedBy=multi-user.target',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
    expect(unitText({ ...places, service: 'user' })).toContain('WantedBy=default.target');
  });

  test('holds nothing that systemd does not know', async (context) => {
    const verify = promisify(execFile);
    const there = await verify('systemd-analyze', ['--version']).catch(() => undefined);
    if (there === undefined) context.skip('there is no systemd-analyze here');
    const place = await mkdtemp(join(tmpdir(), 'gobs-unit-'));
    try {
      for (const service of ['system', 'user'] as const) {
        const path = join(place, 'gobs-hob.service');
        // What is started is not there.
        await writeFile(path, unitText({ ...places, service }).replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
        const { stderr } = await verify('systemd-analyze', ['verify', '--man=no', path]).catch(
          (error: { stderr: string }) => error,
        );
        expect(stderr.split('\n').filter((line) => line.includes('gobs-hob.service:'))).toEqual([]);
      }
    } finally {
      await rm(place, { recursive: true });
    }
  });
});
