// The commands that the compose box offers, as the app package lists them for Teams.
export interface Command { readonly title: string; readonly description: string }

export const COMMANDS: readonly Command[] = [
  { title: 'help', description: 'What can be said here' },
  { title: 'my groups', description: 'The groups you may see' },
  { title: 'live queue', description: 'Who waits, and what the agents do' },
  { title: 'edit', description: 'Change a group' },
  { title: 'flow', description: 'Everything a call to a group can meet' },
  { title: 'business hours', description: 'When groups are open' },
  { title: 'undo', description: 'Take back the last edit' },
  { title: 'on duty', description: 'Take calls' },
  { title: 'off duty', description: 'Take no calls' },
  { title: 'pause', description: 'Be called by nobody for a while' },
  { title: 'resume', description: 'End the pause' },
  { title: 'pick', description: 'Take the call that waits longest' },
  { title: 'my phone', description: 'Address, password and registration' },
  { title: 'ring my phone', description: 'Hear whether it works' },
  { title: 'new group', description: 'Make a group that callers can dial' },
  { title: 'new agent', description: 'Let somebody take calls' },
  { title: 'agents', description: 'Everybody who takes calls' },
  { title: 'managers', description: 'Who manages a group' },
  { title: 'who am I', description: 'Your roles and rights' },
];
