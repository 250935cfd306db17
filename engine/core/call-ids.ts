// The ids of a call back and of the call that asked for it: one tells the other.
import { type CallId } from './types';

const SUFFIX = '-back';

/** What the call back of a call is called. Nobody else's call is called so: ids of arrivals end in a hash. */
export function callBackOf(callId: CallId): CallId { return `${callId}${SUFFIX}`; }

/** The call that asked for this call back; null for any other call. */
export function askedBy(callId: CallId): CallId | null { return callId.endsWith(SUFFIX) ? callId.slice(0, -SUFFIX.length) : null; }
