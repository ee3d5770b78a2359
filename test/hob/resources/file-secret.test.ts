import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { fileType } from '../../../src/hob/resources/file.ts';
import { hostForEach } from '../each-host.ts';
import { isRoot, type TemporaryRoot } from '../temporary-root.ts';

const password = { id: 'p', type: 'file', path: '/password', content: { secret: 'pw' }, mode: '0640' };
const own = `${process.getuid!()}:${process.getgid!()}`;

describe.skipIf(!isRoot)('a file with a secret that somebody else made first', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));
  const at = () => path.join(place.root, 'password');
  const arrange = (text: string): void => {
    fs.writeFileSync(at(), text);
    fs.chownSync(at(), 65_534, 65_534);
    fs.chmodSync(at(), 0o640);
  };
  const converge = (more: object = {}) =>
    fileType.converge({ ...password, ...more }, { ...host, secretOf: () => 'hunter2' }, true);
  const owner = (): string => `${fs.statSync(at()).uid}:${fs.statSync(at()).gid}`;

  it("is the hob's own afterwards", async () => {
    arrange('mine');
    const hidden = { what: 'content', from: 'not shown', to: 'not shown: it holds a secret' };
    expect(await converge()).toEqual([hidden, { what: 'owner', from: '65534:65534', to: own }]);
    expect([owner(), fs.readFileSync(at(), 'utf8')]).toEqual([own, 'hunter2']);
    expect(await converge()).toEqual([]);
  });

  it('is another file afterwards, if the text was guessed, for it may be open', async () => {
    arrange('hunter2');
    const before = fs.statSync(at()).ino;
    const opened = fs.openSync(at(), 'r+');
    expect(await converge()).toEqual([{ what: 'owner', from: '65534:65534', to: own }]);
    fs.closeSync(opened);
    expect(owner()).toBe(own);
    expect(fs.statSync(at()).ino).not.toBe(before);
  });

  it("is in the hob's own group, if the document says a user only", async () => {
    arrange('mine');
    await converge({ owner: '65534' });
    expect(owner()).toBe(`65534:${process.getgid!()}`);
  });

  it('is whose the document says', async () => {
    arrange('mine');
    expect(await converge({ owner: '65534:65534' })).toHaveLength(1);
    expect(owner()).toBe('65534:65534');
  });
});
