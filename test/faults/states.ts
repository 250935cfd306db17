import { type Row } from './run';
export async function killInEveryState(_standby: boolean): Promise<readonly Row[]> { return []; }
