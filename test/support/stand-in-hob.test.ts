import { describeHobProcess } from '../contracts/hob-process.ts';
import { standInHob } from './local-world.ts';

describeHobProcess('the stand-in for a hob', { command: standInHob });
