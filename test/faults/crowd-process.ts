// The crowd as a process of its own, so that it hears reliably whatever the rest of the run does. It is told what to do by the run, and ends with it.
import { Crowd, type CrowdPlan } from './crowd';

export type CrowdOrder = { readonly do: 'begin'; readonly plan: CrowdPlan } | { readonly do: 'present' | 'drop' | 'mark' | 'end' };

let crowd: Crowd | null = null;

async function obey(order: CrowdOrder): Promise<unknown> {
  if (order.do === 'begin') {
    crowd = new Crowd(order.plan);
    await crowd.begin();
    return null;
  }
  if (crowd === null) throw new Error('There is no crowd yet.');
  if (order.do === 'present') return crowd.present;
  if (order.do === 'drop') return crowd.drop();
  if (order.do === 'end') return crowd.end();
  crowd.mark();
  return null;
}

process.on('message', ({ id, order }: { readonly id: number; readonly order: CrowdOrder }) => {
  obey(order).then((value) => process.send?.({ id, value }), (fault: unknown) => process.send?.({ id, fault: String(fault) }));
});
// Whoever started us is gone.
process.on('disconnect', () => {
  crowd?.close();
  process.exit(0);
});
