// A menu as a tree and as a walk: what is heard, when it is asked again, and where it ends.
import fc from 'fast-check';
import { treeOf, walk } from '../../../bot/forms/menu';
import { question, type Question } from '../../../storage/model/question';
import { type Workflow } from '../../../storage/model/workflow';

const prompt = (text: string) => ({ text, audio: null });
const toQuestion = (questionId: string) => ({ kind: 'question' as const, questionId });
const toQueue = { kind: 'queue' as const, queueId: 'queue-1' };
const ask = (id: string, more: object): Question => question.parse({ id, name: id.toUpperCase(), prompt: prompt(`ask ${id}`), answers: [{ key: '1', name: 'One', action: toQueue }], ...more });
const menu = (...questions: Question[]): Pick<Workflow, 'welcome' | 'defaultAction' | 'questions'> => ({ welcome: prompt('welcome'), defaultAction: toQuestion(questions[0]?.id ?? ''), questions });
const A = ask('a', { attempts: 2, invalidPrompt: prompt('pardon'), noAnswerPrompt: prompt('hello?'), fallback: { ...toQuestion('c'), prompt: prompt('never mind') }, answers: [{ key: '1', name: 'B', action: toQuestion('b') }, { key: '2', name: 'Queue', action: { ...toQueue, prompt: prompt('one moment') } }] });
const B = ask('b', { answers: [{ key: '*', name: 'Back', action: toQuestion('a') }] });
const C = ask('c', {});

describe('treeOf', () => {
  it('goes from the first question down, says what stands above already, and forgets none', () => {
    expect(treeOf(menu(A, B, C, ask('d', {}))).map(({ question: one, depth, again }) => `${one.id}${depth}${again ? '!' : ''}`)).toEqual(['a0', 'b1', 'a2!', 'c1', 'd0']);
  });

  it('of any questions, however they lead to one another, has each of them once in full', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 1, maxLength: 6 }), (links) => {
      const questions = links.map(([one, other], index) => ask(`q${index}`, { answers: [{ key: '1', name: 'x', action: toQuestion(`q${one}`) }], fallback: toQuestion(`q${other}`) }));
      return treeOf(menu(...questions)).filter((line) => !line.again).map((line) => line.question.id).sort().join() === questions.map((one) => one.id).sort().join();
    }));
  });
});

describe('walk', () => {
  const heard = (at: string, attempt: number, step: string): string[] => walk(menu(A, B, C), at, attempt, step).heard.map((one) => one.text);

  it.each<[string, number, string, string[], string]>([
    ['', 1, 'start', ['welcome', 'ask a'], 'a 1'], ['a', 1, '1', ['B', 'ask b'], 'b 1'], ['a', 1, '2', ['Queue', 'one moment'], 'queue'], ['a', 1, '9', ['pardon', 'ask a'], 'a 2'], ['a', 1, 'silence', ['hello?', 'ask a'], 'a 2'],
    ['a', 2, '9', ['never mind', 'ask c'], 'c 1'], ['c', 5, 'silence', [], 'hung up'], ['b', 1, '*', ['Back', 'ask a'], 'a 1'], ['unknown', 1, '1', ['welcome', 'ask a'], 'a 1'],
  ])('from %s, asked %i times, %s is heard as %j and leads to %s', (at, attempt, step, texts, leads) => {
    expect(heard(at, attempt, step)).toEqual(texts);
    const walked = walk(menu(A, B, C), at, attempt, step);
    expect(walked.at ? `${walked.at.question.id} ${walked.at.attempt}` : walked.leaves?.kind ?? 'hung up').toBe(leads);
  });

  it('of a hunt group goes straight to its queue', () => {
    expect(walk({ ...menu(A), defaultAction: toQueue }, '', 1, 'start')).toMatchObject({ at: null, leaves: { queueId: 'queue-1' } });
  });
});
