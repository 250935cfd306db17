// A trunk's configuration as SIP addresses.
import { type Trunk } from '../../storage/model/trunk';
import { escapeUser, hostPort } from './addresses';
import { type Account } from './digest-answer';

/** Where requests for the trunk are sent. */
export function proxyOf(trunk: Trunk): string { return `sip:${hostPort(trunk.host, trunk.port)};transport=${trunk.transport}`; }

/** What vouches for us; null where nothing is configured. */
export function accountOf({ username, password }: Trunk): Account | null { return username === null || password === null ? null : { username, password }; }

/** Our own address there. */
export function userAt(trunk: Trunk): string {
  const host = trunk.fromDomain ?? trunk.host;
  return trunk.username === null ? `sip:${host}` : `sip:${escapeUser(trunk.username)}@${host}`;
}
