/** Files on a real machine are made as wanted, and kept so or reported, by policy. Issue 2, done when 2. */
import { E } from '@endo/far';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ResourceReport } from '../../src/protocol/shapes.ts';
import { startBoss } from '../support/e2e/gobs.ts';
import { fileOnce, machineAt, snapshot } from '../support/e2e/machine-files.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { loggedOnce, lookedAt, reportOnce } from '../support/e2e/status-once.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const fleet = (policy: string) => `machines:
  web1:
    provider: local
    policy: ${policy}
    resources:
      - { id: app, type: directory, path: /srv/app, mode: "0750" }
      - { id: motd, type: file, path: /etc/motd, content: "hello\\n", mode: "0644", after: [secret] }
      - { id: secret, type: file, path: /srv/app/secret, content: "s3cret\\n", mode: "0600" }
`;

/** A boss, and web1 as the document says. */
const applied = async (policy: string, hobInterval: string) => {
  const boss = await startBoss(sandbox, { hobInterval });
  const file = await sandbox.write('fleet.yaml', fleet(policy));
  expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
  const machine = await E(await boss.admin()).machine('web1');
  const { root } = machineAt(boss.state, 'm1');
  return { boss, file, machine, root, motd: `${root}/etc/motd`, app: `${root}/srv/app` };
};

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');

test('what is applied is there, applied again changes nothing, and what is changed by hand is reported and left', async () => {
  const { boss, file, machine, root, motd, app } = await applied('report', '1s');
  expect(readFileSync(motd, 'utf8')).toBe('hello\n');
  expect([motd, app, `${app}/secret`].map(modeOf)).toEqual(['0644', '0750', '0600']);

  const before = snapshot(root);
  expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
  const { report } = await E(machine).converge();
  expect(report!.resources.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  expect(snapshot(root)).toEqual(before);
  expect(await E(machine).status()).toMatchObject({ generation: 1, reported: 1 });

  writeFileSync(motd, 'changed by hand\n');
  chmodSync(app, 0o777);
  const byHand = snapshot(root);
  const drift = await boss.gobs('drift', 'web1');
  expect(drift.code).toBe(2);
  expect(drift.stdout).toMatch(/^web1 +motd +drifted +content +"changed by hand\\n" +"hello\\n"$/m);
  expect(drift.stdout).toMatch(/^web1 +app +drifted +mode +0777 +0750$/m);
  expect(drift.stdout).not.toContain('secret');

  // Its interval comes round, and it is applied again: it stays reported, and left.
  await lookedAt(machine);
  expect(await E(machine).status()).toMatchObject({ drift: { ok: 1, drifted: 2, corrected: 0 } });
  expect(await boss.gobs('apply', file)).toMatchObject({ code: 0, stderr: expect.stringContaining('2 drifted') });
  expect(snapshot(root)).toEqual(byHand);
});

test('what is changed by hand is put back, and reported as corrected, where the policy is to correct', async () => {
  const { boss, machine, motd, app } = await applied('correct', '2s');
  chmodSync(app, 0o777);
  writeFileSync(motd, 'changed by hand\n');
  const isCorrected = ({ state, changes }: ResourceReport) => state === 'corrected' && changes![0]!.what === 'content';
  const { reason, resources } = await reportOnce(machine, (report) => isCorrected(report.resources[1]!));
  expect(reason).toBe('interval');
  expect(resources[1]).toEqual({
    id: 'motd',
    type: 'file',
    state: 'corrected',
    changes: [{ what: 'content', from: '"changed by hand\\n"', to: '"hello\\n"' }],
    at: expect.any(Number),
  });
  expect(readFileSync(motd, 'utf8')).toBe('hello\n');

  rmSync(motd);
  await fileOnce(motd, (text) => text === 'hello\n');
  // The last report says how it is now; the log keeps what was done.
  await loggedOnce(machine, /^its hob corrected .*app \(mode\)/);
  await loggedOnce(machine, /^its hob corrected .*motd \(content\)$/);
  await loggedOnce(machine, /^its hob corrected motd \(type\)$/);
  expect(modeOf(app)).toBe('0750');
  expect(await boss.gobs('drift')).toMatchObject({ code: 0, stdout: '' });
});
