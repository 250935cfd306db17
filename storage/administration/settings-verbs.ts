// The verb about the pool's settings.
import { may } from '../access';
import { poolSettings, type PoolSettings } from '../model/settings';
import { type Row } from './context';
import { definedFields } from './group-verbs';
import { mergeFields } from './merge';
import { VERB_SCHEMAS } from './verbs';

export type SettingsFields = Omit<PoolSettings, 'id' | 'pool' | 'version'>;

/** What people see and change of the settings. */
export function settingsFields({ id: _id, pool: _pool, version: _version, ...fields }: PoolSettings): SettingsFields {
  return fields;
}

/** Settings nobody has changed yet are at their defaults, version 0. */
export function defaultSettings(pool: string): PoolSettings {
  return poolSettings.parse({ id: pool, pool, version: 1 });
}

export const changeSettings: Row<'settings.change'> = {
  schema: VERB_SCHEMAS['settings.change'],
  right: ({ roles }) => may(roles, 'settings.change', { kind: 'pool' }),
  change: async (context, { version, changes }) => {
    const { draft, log } = context;
    const id = draft.pool;
    const stored = await draft.get('settings', id);
    const now = stored ?? defaultSettings(id);
    const opened = version === (stored?.version ?? 0) ? now : version === 0 ? defaultSettings(id) : await log.objectAt('settings', id, version);
    const effective = await mergeFields<SettingsFields>({ wanted: definedFields(changes), now: settingsFields(now), opened: opened && settingsFields(opened), ids: [id], log });
    if (Object.keys(effective).length > 0) await draft.put('settings', { ...now, ...effective });
    return { value: { id }, subject: { kind: 'settings', id, name: id } };
  },
};
