/** How two definitions of one unit differ, seen from a running unit: not at all, enough for a reload, or for a restart. */
import type { UnitDefinition } from './units.ts';

export type UnitDifference = 'none' | 'reload' | 'restart';

/** Keys of `[Unit]` that only the manager looks at: after a daemon-reload they are in force. */
const managersKeys = new Set([
  'AllowIsolate',
  'CollectMode',
  'Description',
  'Documentation',
  'IgnoreOnIsolate',
  'OnFailure',
  'OnFailureJobMode',
  'OnSuccess',
  'OnSuccessJobMode',
  'RefuseManualStart',
  'RefuseManualStop',
  'SourcePath',
  'StopWhenUnneeded',
  'X-OnlyManualStart',
  'X-StopOnReconfiguration',
  'X-StopOnRemoval',
  'X-SwitchMethod',
]);

/** Keys of `[Service]` that speak to the switch alone. */
const switchKeys = new Set([
  'X-NotSocketActivated',
  'X-ReloadIfChanged',
  'X-RestartIfChanged',
  'X-StopIfChanged',
]);

export function compareUnits(old: UnitDefinition, next: UnitDefinition): UnitDifference {
  if (old.masked !== next.masked) return 'restart';
  if (old.programs.join('\n') !== next.programs.join('\n')) return 'restart';
  let difference: UnitDifference = 'none';
  const names = new Set([...old.sections.keys(), ...next.sections.keys()]);
  for (const name of names) {
    if (name === 'Install') continue;
    for (const key of changedKeys(name, old, next)) {
      if (name === 'Unit' && key === 'X-Reload-Triggers') difference = 'reload';
      else if (name === 'Mount' && key === 'Options') difference = 'reload';
      else return 'restart';
    }
  }
  return difference;
}

function changedKeys(section: string, old: UnitDefinition, next: UnitDefinition): string[] {
  const before = old.sections.get(section) ?? new Map<string, readonly string[]>();
  const after = next.sections.get(section) ?? new Map<string, readonly string[]>();
  const ignored = section === 'Unit' ? managersKeys : switchKeys;
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => !ignored.has(key) && (before.get(key) ?? []).join('\n') !== (after.get(key) ?? []).join('\n'),
  );
}
