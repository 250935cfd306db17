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
  /** 1 is served first. */
  priority: { min: 1, max: 5 },
  questionAttempts: { min: 1, max: 10 },
  /** How long a caller may think before a question is asked again. */
  answerSeconds: { min: 2, max: 30 },
  answersOfQuestion: { min: 1, max: 12 },
  /** Queues, or anything else of one kind, that are made together with a workflow. */
  builtTogether: { min: 0, max: 32 },
  questionsOfWorkflow: { min: 0, max: 200 },
  announceSeconds: { min: 15, max: 600 },
  pauseReasonLength: { min: 0, max: 128 },
  pauseMinutes: { min: 1, max: 1440 },
  /** Offers in a row that an agent leaves unanswered before being paused. */
  autoPauseAfter: { min: 1, max: 20 },
  /** Beside the phones that register. */
  contactsOfAgent: { min: 0, max: 4 },
  holidaysInSet: { min: 0, max: 200 },
  audioFileBytes: { min: 1, max: 4 * 1024 * 1024 },
  port: { min: 1, max: 65535 },
  trunkOrder: { min: 1, max: 100 },
  trunkCheckSeconds: { min: 5, max: 600 },
} as const satisfies Record<string, Range>;

export const DEFAULTS = {
  alertTimeSeconds: 20,
  gracePeriodSeconds: 60,
  wrapUpSeconds: 0,
  priority: 3,
  questionAttempts: 5,
  answerSeconds: 8,
  pickupCode: '*8',
  onDutyCode: '*71',
  offDutyCode: '*70',
  trunkOrder: 10,
  trunkCheckSeconds: 30,
  language: 'en-US',
  timeZone: 'Etc/UTC',
} as const;
