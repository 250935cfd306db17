// The commands that the compose box offers, as the app package lists them for Teams.
export interface Command { readonly title: string; readonly description: string }

export const COMMANDS: readonly Command[] = [
  { title: 'help', description: 'What can be said here' },
  { title: 'my groups', description: 'The groups you may see' },
  { title: 'on duty', description: 'Take calls' },
  { title: 'off duty', description: 'Take no calls' },
  { title: 'my phone', description: 'Address, password and registration' },
  { title: 'who am I', description: 'Your roles and rights' },
];
