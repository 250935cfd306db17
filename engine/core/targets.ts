// Where an address leads: a group or an agent of ours, or outside, if the number policy lets it.
import { type Agent, type Contact } from '../../storage/model/agent';
import { mayDial, NO_NUMBERS, type OutsideTarget, type PolicyVerdict } from '../../storage/model/number-policy';
import { numberOfTel, plainUser, userInDomain } from '../../storage/model/own-address';
import { type Workflow } from '../../storage/model/workflow';
import { type AgentState } from './agent';
import { type PoolState, settingsOf } from './state';

export type Destination =
  | { readonly kind: 'group'; readonly workflow: Workflow }
  | { readonly kind: 'agent'; readonly agent: AgentState }
  | { readonly kind: 'outside'; readonly target: OutsideTarget }
  | { readonly kind: 'nowhere'; readonly status: 403 | 404; readonly reason: string };

const NUMBER = /^\+[0-9]{3,15}$/;

/** The user part of an address in our own domain: a group's or an agent's SIP user, or a number with its plus. */
export function destinationOfUser(state: PoolState, dialled: string): Destination {
  const user = plainUser(dialled);
  const own = ownDestination(state, user);
  if (own !== null) return own;
  return NUMBER.test(user) ? outside(state, { kind: 'number', number: user }) : { kind: 'nowhere', status: 404, reason: 'nobody has this address' };
}

/** A number; one of a group's leads to the group and not over a trunk. */
export function destinationOfNumber(state: PoolState, number: string): Destination {
  return ownDestination(state, number) ?? outside(state, { kind: 'number', number });
}

/** A `sip:`, `sips:` or `tel:` address. Addresses in our own domain are resolved here. */
export function destinationOfUri(state: PoolState, uri: string): Destination {
  const number = numberOfTel(uri);
  if (number !== null) return destinationOfNumber(state, number);
  const user = userInDomain(uri, state.domain);
  return user === null ? outside(state, { kind: 'uri', uri }) : destinationOfUser(state, user);
}

/**
 * The agent with those contacts alone that may be called: the policy may have become narrower since they were configured, and what is ours
 * is no other place to ring an agent at. A group's number would lead the caller round to where the queue was joined.
 */
export function withAllowedContacts(state: PoolState, agent: Agent): Agent {
  const contacts = agent.contacts.filter((contact) => mayRing(state, contact));
  return contacts.length === agent.contacts.length ? agent : { ...agent, contacts };
}

function mayRing(state: PoolState, contact: Contact): boolean {
  if (contact.kind === 'number') return !state.addresses.has(contact.number) && verdictOn(state, contact).allowed;
  return userInDomain(contact.uri, state.domain) === null && verdictOn(state, { kind: 'uri', uri: contact.uri }).allowed;
}

/** Whom we want to reach outside; what turns out to be ours is not sent out. */
export function destinationOf(state: PoolState, target: OutsideTarget): Destination {
  return target.kind === 'number' ? destinationOfNumber(state, target.number) : destinationOfUri(state, target.uri);
}

function ownDestination(state: PoolState, user: string): Destination | null {
  const workflow = state.workflows.get(state.addresses.get(user.toLowerCase()) ?? '')?.workflow;
  if (workflow != null) return { kind: 'group', workflow };
  const agent = state.agents.get(state.agentUsers.get(user.toLowerCase()) ?? '');
  return agent?.agent == null ? null : { kind: 'agent', agent };
}

const DENIED = { emergency: 'emergency numbers are not dialled for a caller', prefix: 'the number policy does not allow this number', domain: 'the number policy does not allow this domain' } as const;

function outside(state: PoolState, target: OutsideTarget): Destination {
  const verdict = verdictOn(state, target);
  return verdict.allowed ? { kind: 'outside', target } : { kind: 'nowhere', status: 403, reason: DENIED[verdict.because] };
}

function verdictOn(state: PoolState, target: OutsideTarget): PolicyVerdict { return mayDial(settingsOf(state)?.numberPolicy ?? NO_NUMBERS, target); }

/** As a record writes it. */
export function nameOfTarget(destination: Destination): string {
  switch (destination.kind) {
    case 'group': return `sip:${destination.workflow.sipUser}`;
    case 'agent': return `agent:${destination.agent.agentId}`;
    case 'outside': return nameOfOutside(destination.target);
    case 'nowhere': return 'nowhere';
  }
}

/** `tel:+44…` or the address itself. */
export function nameOfOutside(target: OutsideTarget): string { return target.kind === 'number' ? `tel:${target.number}` : target.uri; }
