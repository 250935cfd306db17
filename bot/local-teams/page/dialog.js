// The dialog a bot opens from a card: shows its form, sends it, stays open with what was typed until the bot is content.
import { renderCard, setBusy } from './cards.js';

/**
 * @param {{dialog: HTMLDialogElement, title: HTMLElement, body: HTMLElement, problem: HTMLElement, close: HTMLElement}} places
 * @returns a function that shows a dialog and resolves when it is closed, to words to show in the chat or null
 */
export function createDialog({ dialog, title, body, problem, close }) {
  close.addEventListener('click', () => dialog.close());

  /**
   * @param {{title: string, width: number, height: number, card: unknown}} first
   * @param {(data: unknown) => Promise<{kind: string, text?: string}>} submit
   */
  return (first, submit) => new Promise((resolve) => {
    let words = null;
    let busy = false;
    const show = (content) => {
      title.textContent = content.title;
      problem.textContent = '';
      dialog.style.width = `min(${content.width}px, calc(100vw - 32px))`;
      body.style.minHeight = `min(${content.height}px, calc(100vh - 180px))`;
      const rendered = renderCard(content.card, (action) => void press(rendered, action));
      body.replaceChildren(rendered.element);
    };
    const press = async (rendered, action) => {
      if (busy) return;
      problem.textContent = '';
      if (action.kind === 'execute') {
        problem.textContent = 'Teams takes Action.Submit in dialogs, not Action.Execute.';
        return;
      }
      busy = true;
      setBusy(rendered, true);
      const outcome = await submit(action.data);
      busy = false;
      setBusy(rendered, false);
      if (outcome.kind === 'error') problem.textContent = outcome.text;
      else if (outcome.kind === 'dialog') show(outcome);
      else {
        words = outcome.kind === 'message' ? outcome.text : null;
        dialog.close();
      }
    };
    dialog.addEventListener('close', () => {
      body.replaceChildren();
      resolve(words);
    }, { once: true });
    show(first);
    dialog.showModal();
  });
}
