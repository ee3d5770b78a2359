/** The kinds of docs/how-to/upgrade-a-kind.md as they were released first. */
import { M } from '@endo/patterns';
import { defineKind } from '../../src/vats/kind.ts';

export interface Note {
  text(): string;
}

export const noteKind = defineKind<{ readonly text: string; readonly tags: string }, Note>({
  label: 'note',
  guard: M.interface('Note', { text: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ text: M.string(), tags: M.string() }),
  behave: (_bcom, _self, { text }) => ({ text: () => text }),
});
harden(noteKind);

export interface Device {
  title(): string;
}

export const deviceKind = defineKind<{ readonly title: string; readonly prints: boolean }, Device>({
  label: 'device',
  guard: M.interface('Device', { title: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ title: M.string(), prints: M.boolean() }),
  behave: (_bcom, _self, { title }) => ({ title: () => title }),
});
harden(deviceKind);

export interface Banner {
  wave(): string;
}

export const bannerKind = defineKind<{ readonly words: string }, Banner>({
  label: 'banner',
  guard: M.interface('Banner', { wave: M.call().returns(M.string()) }),
  portrait: M.splitRecord({ words: M.string() }),
  behave: (_bcom, _self, { words }) => ({ wave: () => words }),
});
harden(bannerKind);
