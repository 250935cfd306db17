// What must have happened at least once in a simulated day, by the names the books count under.
import { type CallOutcome, CALL_OUTCOMES, TURNED_AWAY } from '../../../../storage/model/record';
import { routingMethod } from '../../../../storage/model/agent-group';

/** Ends that a healthy day does not bring about, and that of agents who dial codes, whom it does not have. */
const NOT_HERE: readonly CallOutcome[] = ['failed', 'interrupted', 'dutyCode'];

const FEATURES: readonly string[] = [
  ...CALL_OUTCOMES.filter((outcome) => !NOT_HERE.includes(outcome)).map((outcome) => `outcome ${outcome}`),
  ...TURNED_AWAY.filter((why) => !NOT_HERE.includes(why)).map((why) => `step ${why}`), 'step transferred', 'step moved',
  ...routingMethod.options.filter((method) => method !== 'attendant').map((method) => `method ${method}`), 'decided pick', 'takeLeg',
  ...['done', 'notWaiting', 'unknownQueue', 'notServing', 'alreadyPicked', 'offDuty', 'busy', 'unreachable'].map((outcome) => `instruction ${outcome}`),
  'sound announcement', 'sound expected wait', 'sound ringback', 'sound prompt', 'sound music',
  'sound callBack', 'decided noCallBack', 'callBack', 'callBackOver', 'welcomeBack', 'refuse', 'dial', 'moveLeg', 'separate', 'acceptTransfer', 'refuseTransfer', 'transferProgress', 'pauseAgent', 'withdraw', 'ringTest', 'refuseTest', 'decided priority', 'decided notTransferred',
];

/** The features that never came about. */
export function featuresMissing(counts: Readonly<Record<string, number>>): string[] { return FEATURES.filter((name) => (counts[name] ?? 0) === 0); }
