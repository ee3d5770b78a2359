import { describe, expect, it } from 'vitest';
import { parseUnit } from '../../../../src/hob/resources/systemd/units.ts';

describe('what systemctl show says', () => {
  it('is taken apart at the first equals sign, and what is not asked for is left out', () => {
    const state = parseUnit(
      'LoadState=bad-setting\nLoadError=org.freedesktop.systemd1.BadUnitSetting "Unit a=b has a bad unit setting."\nOther=x\nActiveState=inactive\n\n',
    );
    expect(state).toMatchObject({
      LoadState: 'bad-setting',
      LoadError: 'org.freedesktop.systemd1.BadUnitSetting "Unit a=b has a bad unit setting."',
      ActiveState: 'inactive',
      UnitFileState: '',
    });
    expect(state).not.toHaveProperty('Other');
  });

  it('is empty where it says nothing', () => {
    expect(new Set(Object.values(parseUnit('')))).toEqual(new Set(['']));
  });
});
