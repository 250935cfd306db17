import { type World } from './fault';
export async function doubledForm(_world: World): Promise<void> { throw new Error('not yet'); }
