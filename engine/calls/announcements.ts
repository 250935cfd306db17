// What a caller is told while waiting, and an agent before taking a call: sentences in every language that the local voice speaks.
import { LANGUAGES, type Language } from '../../storage/model/languages';

interface Sentences {
  position(place: number): string;
  /** Waits of less than a minute, of one, of several, and of more than an hour. */
  readonly soon: string;
  readonly oneMinute: string;
  minutes(count: number): string;
  readonly long: string;
  /** Before an agent's contact takes a call; `group` empty: it is no group's. */
  confirm(group: string): string;
  /** To a waiting caller who asked to be called back: that this will be done, or cannot be. */
  readonly calledBack: string;
  readonly notCalledBack: string;
}

const of = (group: string, preposition: string): string => (group === '' ? '' : ` ${preposition} ${group}`);

const ENGLISH: Sentences = {
  position: (place) => `You are number ${place} in the queue.`,
  soon: 'The expected wait is less than a minute.', oneMinute: 'The expected wait is about one minute.', minutes: (count) => `The expected wait is about ${count} minutes.`,
  long: 'The expected wait is more than an hour.',
  confirm: (group) => `A call${of(group, 'for')}. Press 1 to take it.`,
  calledBack: 'We will call you back when it is your turn. You keep your place in the queue. Goodbye.',
  notCalledBack: 'We cannot call this number back. Please stay on the line.',
};
const FRENCH: Sentences = {
  position: (place) => `Vous êtes en position ${place} dans la file d'attente.`,
  soon: "Le temps d'attente estimé est de moins d'une minute.", oneMinute: "Le temps d'attente estimé est d'environ une minute.", minutes: (count) => `Le temps d'attente estimé est d'environ ${count} minutes.`,
  long: "Le temps d'attente estimé est de plus d'une heure.",
  confirm: (group) => `Un appel${of(group, 'pour')}. Appuyez sur 1 pour le prendre.`,
  calledBack: "Nous vous rappellerons lorsque ce sera votre tour. Vous gardez votre place dans la file d'attente. Au revoir.",
  notCalledBack: 'Nous ne pouvons pas rappeler ce numéro. Veuillez rester en ligne.',
};
const SPANISH: Sentences = {
  position: (place) => `Usted ocupa el lugar número ${place} en la cola.`,
  soon: 'El tiempo de espera estimado es de menos de un minuto.', oneMinute: 'El tiempo de espera estimado es de aproximadamente un minuto.', minutes: (count) => `El tiempo de espera estimado es de unos ${count} minutos.`,
  long: 'El tiempo de espera estimado es de más de una hora.',
  confirm: (group) => `Una llamada${of(group, 'para')}. Pulse 1 para atenderla.`,
  calledBack: 'Le llamaremos cuando sea su turno. Usted conserva su lugar en la cola. Adiós.',
  notCalledBack: 'No podemos devolver la llamada a este número. Por favor, permanezca en línea.',
};

/** By language, and where a language has more than one country, by the country whose words differ. */
const CATALOGUE: Readonly<Record<string, Sentences>> = {
  ca: {
    position: (place) => `Sou el número ${place} de la cua.`,
    soon: "El temps d'espera previst és de menys d'un minut.", oneMinute: "El temps d'espera previst és d'aproximadament un minut.", minutes: (count) => `El temps d'espera previst és d'uns ${count} minuts.`,
    long: "El temps d'espera previst és de més d'una hora.",
    confirm: (group) => `Una trucada${of(group, 'per a')}. Premeu 1 per agafar-la.`,
    calledBack: 'Us trucarem quan sigui el vostre torn. Conserveu el vostre lloc a la cua. Adéu.',
    notCalledBack: 'No podem tornar la trucada a aquest número. Si us plau, espereu.',
  },
  da: {
    position: (place) => `Du er nummer ${place} i køen.`,
    soon: 'Den forventede ventetid er under et minut.', oneMinute: 'Den forventede ventetid er cirka et minut.', minutes: (count) => `Den forventede ventetid er cirka ${count} minutter.`,
    long: 'Den forventede ventetid er mere end en time.',
    confirm: (group) => `Et opkald${of(group, 'til')}. Tryk 1 for at tage det.`,
    calledBack: 'Vi ringer tilbage, når det er din tur. Du beholder din plads i køen. Farvel.',
    notCalledBack: 'Vi kan ikke ringe tilbage til dette nummer. Bliv venligst på linjen.',
  },
  de: {
    position: (place) => `Sie sind an Position ${place} in der Warteschlange.`,
    soon: 'Die voraussichtliche Wartezeit beträgt weniger als eine Minute.', oneMinute: 'Die voraussichtliche Wartezeit beträgt etwa eine Minute.', minutes: (count) => `Die voraussichtliche Wartezeit beträgt etwa ${count} Minuten.`,
    long: 'Die voraussichtliche Wartezeit beträgt mehr als eine Stunde.',
    confirm: (group) => `Ein Anruf${of(group, 'für')}. Drücken Sie die 1, um ihn anzunehmen.`,
    calledBack: 'Wir rufen Sie zurück, sobald Sie an der Reihe sind. Ihr Platz in der Warteschlange bleibt Ihnen. Auf Wiederhören.',
    notCalledBack: 'Unter dieser Nummer können wir Sie nicht zurückrufen. Bitte bleiben Sie in der Leitung.',
  },
  en: ENGLISH,
  es: SPANISH,
  'es-MX': { ...SPANISH, position: (place) => `Usted ocupa el lugar número ${place} en la fila.`, calledBack: 'Le llamaremos cuando sea su turno. Usted conserva su lugar en la fila. Adiós.', confirm: (group) => `Una llamada${of(group, 'para')}. Oprima 1 para contestarla.` },
  fi: {
    position: (place) => `Olette jonossa numero ${place}.`,
    soon: 'Arvioitu odotusaika on alle minuutin.', oneMinute: 'Arvioitu odotusaika on noin yksi minuutti.', minutes: (count) => `Arvioitu odotusaika on noin ${count} minuuttia.`,
    long: 'Arvioitu odotusaika on yli tunnin.',
    confirm: (group) => `Puhelu${of(group, 'ryhmälle')}. Ottakaa se vastaan painamalla 1.`,
    calledBack: 'Soitamme teille takaisin, kun on teidän vuoronne. Säilytätte paikkanne jonossa. Kuulemiin.',
    notCalledBack: 'Emme voi soittaa takaisin tähän numeroon. Olkaa hyvä ja odottakaa linjalla.',
  },
  fr: FRENCH,
  it: {
    position: (place) => `Lei è il numero ${place} in coda.`,
    soon: "Il tempo di attesa previsto è di meno di un minuto.", oneMinute: 'Il tempo di attesa previsto è di circa un minuto.', minutes: (count) => `Il tempo di attesa previsto è di circa ${count} minuti.`,
    long: "Il tempo di attesa previsto è di più di un'ora.",
    confirm: (group) => `Una chiamata${of(group, 'per')}. Prema 1 per rispondere.`,
    calledBack: 'La richiameremo quando sarà il suo turno. Lei mantiene il suo posto in coda. Arrivederci.',
    notCalledBack: 'Non possiamo richiamare questo numero. Resti in linea, per favore.',
  },
  nb: {
    position: (place) => `Du er nummer ${place} i køen.`,
    soon: 'Forventet ventetid er mindre enn ett minutt.', oneMinute: 'Forventet ventetid er omtrent ett minutt.', minutes: (count) => `Forventet ventetid er omtrent ${count} minutter.`,
    long: 'Forventet ventetid er mer enn en time.',
    confirm: (group) => `Et anrop${of(group, 'til')}. Trykk 1 for å ta det.`,
    calledBack: 'Vi ringer deg tilbake når det er din tur. Du beholder plassen din i køen. Ha det bra.',
    notCalledBack: 'Vi kan ikke ringe tilbake til dette nummeret. Vennligst vent på linjen.',
  },
  nl: {
    position: (place) => `U bent nummer ${place} in de wachtrij.`,
    soon: 'De verwachte wachttijd is minder dan één minuut.', oneMinute: 'De verwachte wachttijd is ongeveer één minuut.', minutes: (count) => `De verwachte wachttijd is ongeveer ${count} minuten.`,
    long: 'De verwachte wachttijd is meer dan een uur.',
    confirm: (group) => `Een oproep${of(group, 'voor')}. Druk op 1 om deze aan te nemen.`,
    calledBack: 'Wij bellen u terug wanneer u aan de beurt bent. U houdt uw plaats in de wachtrij. Tot ziens.',
    notCalledBack: 'Wij kunnen dit nummer niet terugbellen. Blijft u alstublieft aan de lijn.',
  },
  pl: {
    position: (place) => `Twoje miejsce w kolejce to ${place}.`,
    // After "około" a number takes the genitive, so that two, three and four are like all others.
    soon: 'Przewidywany czas oczekiwania to mniej niż minuta.', oneMinute: 'Przewidywany czas oczekiwania to około jednej minuty.', minutes: (count) => `Przewidywany czas oczekiwania to około ${count} minut.`,
    long: 'Przewidywany czas oczekiwania to ponad godzina.',
    confirm: (group) => `Połączenie${of(group, 'dla')}. Naciśnij 1, aby je odebrać.`,
    calledBack: 'Oddzwonimy, gdy nadejdzie Twoja kolej. Zachowujesz swoje miejsce w kolejce. Do usłyszenia.',
    notCalledBack: 'Nie możemy oddzwonić na ten numer. Prosimy pozostać na linii.',
  },
  pt: {
    position: (place) => `É o número ${place} na fila de espera.`,
    soon: 'O tempo de espera previsto é inferior a um minuto.', oneMinute: 'O tempo de espera previsto é de cerca de um minuto.', minutes: (count) => `O tempo de espera previsto é de cerca de ${count} minutos.`,
    long: 'O tempo de espera previsto é superior a uma hora.',
    confirm: (group) => `Uma chamada${of(group, 'para')}. Prima 1 para atender.`,
    calledBack: 'Ligaremos de volta quando for a sua vez. Mantém o seu lugar na fila de espera. Até breve.',
    notCalledBack: 'Não podemos ligar de volta para este número. Por favor, mantenha-se em linha.',
  },
  'pt-BR': {
    position: (place) => `Você é o número ${place} da fila.`,
    soon: 'O tempo de espera estimado é de menos de um minuto.', oneMinute: 'O tempo de espera estimado é de cerca de um minuto.', minutes: (count) => `O tempo de espera estimado é de cerca de ${count} minutos.`,
    long: 'O tempo de espera estimado é de mais de uma hora.',
    confirm: (group) => `Uma chamada${of(group, 'para')}. Pressione 1 para atender.`,
    calledBack: 'Ligaremos de volta quando for a sua vez. Você mantém o seu lugar na fila. Até logo.',
    notCalledBack: 'Não podemos ligar de volta para este número. Por favor, permaneça na linha.',
  },
  sv: {
    position: (place) => `Du är nummer ${place} i kön.`,
    soon: 'Den beräknade väntetiden är mindre än en minut.', oneMinute: 'Den beräknade väntetiden är ungefär en minut.', minutes: (count) => `Den beräknade väntetiden är ungefär ${count} minuter.`,
    long: 'Den beräknade väntetiden är mer än en timme.',
    confirm: (group) => `Ett samtal${of(group, 'till')}. Tryck 1 för att ta det.`,
    calledBack: 'Vi ringer upp dig när det är din tur. Du behåller din plats i kön. Hej då.',
    notCalledBack: 'Vi kan inte ringa upp det här numret. Var god dröj kvar.',
  },
};

/** null for a language that has none, as the local voice does not speak it. */
function sentencesIn(language: string): Sentences | null {
  if (!Object.hasOwn(LANGUAGES, language) || LANGUAGES[language as Language] === null) return null;
  return CATALOGUE[language] ?? CATALOGUE[language.split('-')[0] ?? ''] ?? null;
}

/** Place and expected wait as sentences; null where the language has none. Waits are rounded up to whole minutes: nobody minds being early. */
export function announcement(language: string, { position, waitSeconds }: { readonly position: number | null; readonly waitSeconds: number | null }): string | null {
  const sentences = sentencesIn(language);
  if (sentences === null) return null;
  const said = [...(position === null ? [] : [sentences.position(position)]), ...(waitSeconds === null ? [] : [waitIn(sentences, waitSeconds)])];
  return said.length === 0 ? null : said.join(' ');
}

function waitIn(sentences: Sentences, seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return sentences.soon;
  if (minutes === 1) return sentences.oneMinute;
  return minutes > 60 ? sentences.long : sentences.minutes(minutes);
}

/** What a caller hears who asked to be called back; in English where the language has no sentence: a person has to understand it. */
export function callBackWords(language: string, promised: boolean): { readonly text: string; readonly language: string } {
  const own = sentencesIn(language);
  const sentences = own ?? ENGLISH;
  return { text: promised ? sentences.calledBack : sentences.notCalledBack, language: own === null ? 'en-US' : language };
}

/** What whoever picks up a contact hears before the call is theirs; in English where the language has no sentence: a person has to understand it. */
export function confirmation(language: string, group: string): { readonly text: string; readonly language: string } {
  const sentences = sentencesIn(language);
  return sentences === null ? { text: ENGLISH.confirm(group), language: 'en-US' } : { text: sentences.confirm(group), language };
}
