import { noopType } from '../../../src/hob/resources/noop.ts';
import { describeResource } from '../../contracts/resource.ts';

describeResource('noop', {
  type: noopType,
  cases: [
    { name: 'bare', resource: { id: 'nothing', type: 'noop' }, changes: [] },
    { name: 'with a note', resource: { id: 'nothing', type: 'noop', note: 'to be written' }, changes: [] },
  ],
});
