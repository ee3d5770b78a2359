/** The office of the crash matrix: the vats of its desks, with kinds of one version. */
import { E } from '../../../src/vats/eventual-send.ts';
import type { Kernel, VatHandle } from '../../../src/vats/kernel.ts';
import type { AnyKind } from '../../../src/vats/kind.ts';
import { stampKind } from './aging.ts';
import type { DeskLook } from './desk-look.ts';
import { makeDeskKind, newDesk, type Desk, type DeskKind, type DeskPowers } from './desks.ts';
import { makeTallyKind, type TallyKind } from './tallies.ts';

export interface Office {
  /** A desk by name. Whether there is one, calling it tells. */
  desk(name: string): Desk;
  /** Of all desks that those that were there from the start lead to. */
  look(): Promise<readonly DeskLook[]>;
}

export interface OfficeKinds {
  readonly tally: TallyKind;
  readonly desk: DeskKind;
  readonly all: readonly AnyKind[];
}

export const officeKinds = (version: number): OfficeKinds => {
  const tally = makeTallyKind(version);
  const desk = makeDeskKind(tally);
  return harden({ tally, desk, all: [stampKind, tally, desk] });
};

export const FIRST_DESKS = harden(['a', 'b'] as const);

/** Opens the vats; makes the first desks if they are not there. */
export const openOffice = async (kernel: Kernel, { desk: deskKind, all }: OfficeKinds): Promise<Office> => {
  const known = new Map<string, Desk>();
  const open = (vat: VatHandle): void => {
    for (const kind of all) vat.register(kind, { makeDesk });
  };
  const makeDesk: DeskPowers['makeDesk'] = kernel.defineVatType({
    type: 'desk',
    root: deskKind,
    open,
    options: { cacheLimit: 8 },
  });
  for (const name of FIRST_DESKS) {
    const vat = kernel.openVat(name, { cacheLimit: 8 });
    open(vat);
    const made = vat.makeOnce('desk', ({ spawn }) => spawn(deskKind, newDesk(deskKind.version, name)));
    known.set(name, (await made) as Desk);
  }
  const desk = (name: string): Desk => known.get(name) ?? (kernel.refOf(`vat:${name}/desk/1/self`) as Desk);
  return {
    desk,
    look: async () => {
      const looks: DeskLook[] = [];
      const names: string[] = [...FIRST_DESKS];
      for (const name of names) {
        const look = await E(desk(name)).look();
        looks.push(look);
        names.push(...look.made);
      }
      return looks;
    },
  };
};
