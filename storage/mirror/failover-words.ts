// What is said at the command line before a pool is failed over. Pure.
import { type FailoverPreview } from '../administration/failover';
import { mirrorWords } from './mirror-words';

export function failoverWords(preview: FailoverPreview): readonly string[] {
  const { owner, to, groups, activeGroups, agents, agentsHere, inUseHere, at, mirror, answers, hasEngine } = preview;
  return [
    `Pool ${to} would serve the groups of pool ${owner}: ${groups}, of which ${activeGroups} are active.`,
    `  Agents: ${agents}, of whom ${agentsHere} have a phone that is registered here now.`,
    ...mirrorWords({ pool: owner, at, mirror }).map((line) => `  ${line}`),
    answers
      ? `  Pool ${owner} ANSWERS. It will send new callers here within a second or two, and go on with the calls it has.`
      : `  Pool ${owner} does not answer. Should it run after all, it goes on with its groups until it hears of this.`,
    ...(inUseHere.length === 0 ? [] : [`  ! Pool ${to} uses these itself and keeps them: ${inUseHere.join(', ')}. Of pool ${owner} an address is reached as ADDRESS.${owner}, a number not at all.`]),
    ...(hasEngine ? [] : ['  ! No engine is active here: nobody would answer.']),
  ];
}
