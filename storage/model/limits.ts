// Every range and default a person may meet, in one place. Source: the Response Group reference of Lync Server 2013.

export interface Range { readonly min: number; readonly max: number }

export const LIMITS = {
  alertTimeSeconds: { min: 10, max: 180 },
  queueTimeoutSeconds: { min: 10, max: 65535 },
  overflowThreshold: { min: 0, max: 1000 },
  gracePeriodSeconds: { min: 30, max: 600 },
  wrapUpSeconds: { min: 0, max: 3600 },
  displayNameLength: { min: 1, max: 128 },
  descriptionLength: { min: 0, max: 512 },
  displayNumberLength: { min: 0, max: 64 },
  promptTextLength: { min: 1, max: 4096 },
  agentsInGroup: { min: 0, max: 1200 },
} as const satisfies Record<string, Range>;

export const DEFAULTS = {
  alertTimeSeconds: 20,
  gracePeriodSeconds: 60,
  wrapUpSeconds: 0,
  language: 'en-US',
  timeZone: 'Etc/UTC',
} as const;
