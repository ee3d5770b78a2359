/** What of a machine that is gone could be left behind, each of which the rounds must show. */
import type { PlantedBug } from '../../support/planted-bugs.ts';

const file = '../boss/clear-gone.ts';

export const plantedBugs: readonly PlantedBug[] = [
  { name: 'requests stay', file, find: 'if (request !== null) requests.delete(request);', replace: '' },
  { name: 'enrolment locators stay', file, find: 'enrolments.delete(next);', replace: '' },
  {
    name: 'all enrolment locators but the newest stay',
    file,
    find: 'enrolments.get(next)?.before ?? null',
    replace: 'null',
  },
  { name: 'hobs stay', file, find: 'hobs.delete(hobKey);', replace: '' },
  { name: 'what hobs were given stays', file, find: 'E(house).forgetPeer(hobKey)', replace: 'undefined' },
  {
    name: 'numbers of hobs stay',
    file: '../captp/forget-peer.ts',
    find: "page.map(([key]): StoreOp => ({ type: 'del', key }));",
    replace: "page.slice(0, 0).map(([key]): StoreOp => ({ type: 'del', key }));",
  },
  {
    name: 'revoked keys stay',
    file: '../boss/revoked-keys.ts',
    find: 'if (oldest !== undefined) revoked.delete(oldest);',
    replace: '',
  },
];
