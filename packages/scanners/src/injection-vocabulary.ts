/**
 * The words and sequences by which text tries to give orders to a language model, in English, German, Spanish and
 * French. Languages share one vocabulary on purpose: an attacker mixes them. It holds data only.
 */
import type { FindingTypeName } from './finding-types.ts';

/** Words of one place in a sequence; entries may be phrases of a few words, all folded to plain lower case. */
export type Step = { readonly phrases: ReadonlySet<string>; readonly longest: number };

/** Steps that follow each other with at most `gap` other words between two. */
export type Sequence = {
  readonly type: FindingTypeName;
  readonly steps: readonly Step[];
  readonly gap: number;
  /** The step whose words are rarest in honest text; without one of them nothing is looked at. */
  readonly anchor: number;
  /** "do not ignore …" is the opposite of an attack. */
  readonly unlessNegated: boolean;
  /** What must stand right after the last step, as a sticky pattern. */
  readonly tail: RegExp | null;
};

const step = (...lists: string[]): Step => {
  const phrases = new Set(lists.flatMap((list) => list.split(',').map((phrase) => phrase.trim())));
  return { phrases, longest: Math.max(...[...phrases].map((phrase) => phrase.split(' ').length)) };
};
const words = (list: string): string => list.trim().split(/\s+/).join(',');

/** Verbs that tell someone to drop what they were told. */
export const DROP_VERBS = words(`
  ignore disregard forget override overrule bypass discard neglect dismiss disobey
  ignoriere ignorieren ignoriert vergiss vergesse vergessen missachte missachten umgehe verwirf verwerfe ubergehe uebergehe
  ignora ignorad ignorar ignoren olvida olvide olviden olvidate olvidar descarta descarte desobedece omite
  ignorez ignorer oublie oubliez oublier neglige negligez outrepasse outrepassez contourne contournez desobeis`);
const DROP_PHRASES =
  'pay no attention to,do not follow,don t follow,stop following,no longer follow,never mind,set aside,haz caso omiso,' +
  'no hagas caso,no sigas,no tengas en cuenta,pasa por alto,ne tiens pas,ne tenez pas,fais abstraction,faites abstraction,' +
  'ne suis pas,ne suivez pas,beachte nicht,befolge nicht,achte nicht';
const DROP = step(DROP_VERBS, DROP_PHRASES);

/** Words that point at what came before or belongs to the reader. */
export const EARLIER_WORDS = words(`
  previous prior preceding earlier above foregoing former initial original existing
  vorherige vorherigen vorheriger vorige vorigen bisherige bisherigen obige obigen obenstehenden fruhere fruheren
  vorangegangene vorangegangenen vorangehenden ursprunglichen ursprungliche vorhergehenden zuvor
  anterior anteriores previa previas previo previos precedente precedentes originales iniciales arriba
  precedent precedents anterieures anterieurs anterieure prealables initiales originelles dessus avant`);
const SCOPE_WORDS = words(`
  all any every your system alle allen samtliche samtlichen deine deinen ihre ihren
  todas todos tus tu sus toutes tous tes vos`);
const SCOPE = step(EARLIER_WORDS, SCOPE_WORDS);
const YOURS = step(
  words(`your deine deinen deiner ihre ihren tus sus tes vos`),
  'you were given,you have been given,you were told,you have been told,you received,you follow,que recibiste',
);

/** What is to be dropped. `orders` and `rules` are missing: customers cancel orders and operators bypass rules. */
export const INSTRUCTION_WORDS = words(`
  instruction instructions prompt prompts directive directives guideline guidelines programming guardrails
  anweisung anweisungen instruktion instruktionen vorgaben richtlinien systemprompt weisungen systemanweisungen
  instruccion instrucciones indicaciones directrices directivas consigne consignes`);
const INSTRUCTIONS = step(INSTRUCTION_WORDS);
const LIMITS = step(
  words(`
    rules rule restrictions restriction constraints training policies policy limitations safeguards commands orders filters
    context ethics regeln regel beschrankungen einschrankungen befehle reglas restricciones ordenes limites regles
    restrictions ordres`),
);
const SAFETY = step(
  'safety guidelines,safety filters,safety filter,safety protocols,safety measures,safety rules,safety restrictions,' +
    'content policy,content policies,content filter,content filters,ethical guidelines,security instructions,guardrails,' +
    'sicherheitsrichtlinien,sicherheitsregeln,filtros de seguridad,reglas de seguridad,regles de securite,filtres de securite',
);
const EVERYTHING = step('everything,anything,all that,all of that,whatever,what,alles,todo lo,todo,tout ce,tout');
const TOLD = step(
  'you were told,you have been told,you were taught,you know,you learned,you were instructed,you have been instructed,' +
    'you were trained,i said before,said above,written above,above this,before this,above and,instructed before,was told before,' +
    'bisher gesagt,dir gesagt,gesagt wurde,te han dicho,te dijeron,te han ordenado,lo anterior,qui precede,on t a dit,vous a dit',
);

const CLOSE = step(EARLIER_WORDS);
const BACKGROUND = step(
  words(`context commands conversation chat directions kontext befehle contexto comandos contexte`),
);
const ABOVE_AND_INSTEAD = step(
  'above and instead,above and tell,above and say,above and output,above and print,above and do,above and reply,' +
    'above and respond,above and answer',
);
const ALL_LIMITS = step(
  'all rules,all restrictions,all safeguards,all your rules,any restrictions,all limitations,alle regeln,' +
    'alle einschrankungen,todas las reglas,toutes les regles',
);
const YOUR_ORDERS = step(
  'your instructions,your previous instructions,your prior instructions,your original instructions,your guidelines,' +
    'your rules,your restrictions,deine anweisungen,tus instrucciones,tes instructions,vos instructions',
);
const VOID = step(
  'are void,are cancelled,are canceled,are suspended,are obsolete,are lifted,are replaced,no longer apply,do not apply,' +
    'are hereby,gelten nicht,sind aufgehoben,ya no valen,ne sont plus',
);
const NEW_ORDERS = step(
  'your new instructions,your real instructions,your true instructions,new system prompt,your new directive',
);

const BECOME = step(
  'you are now,you re now,you are no longer,from now on you,from now on,henceforth you,you will now act,you will now be,act as,' +
    'behave as,pretend to be,pretend you are,pretend that you,roleplay as,role play as,imagine you are,you must act as,' +
    'simulate,enter,enable,activate,switch to,switch into,go into,du bist jetzt,du bist nun,ab jetzt bist,ab sofort bist,' +
    'tu so als,verhalte dich,ahora eres,a partir de,actua como,finge ser,finge que,compórtate como,tu es maintenant,' +
    'vous etes maintenant,tu es desormais,vous etes desormais,desormais tu,agis comme,agissez comme,fais comme,fais semblant',
);
const UNBOUND = step(
  words(`
    unrestricted jailbroken jailbreak unfiltered uncensored unaligned amoral dan omnipotent unbound uneingeschrankt
    uneingeschrankte uneingeschranktes uneingeschrankter unzensiert unzensierte`),
  'no restrictions,no rules,no limits,no limitations,no filters,no guidelines,no ethical,without restrictions,without any,' +
    'without rules,without limits,without limitations,without filters,no longer bound,not bound by,bound by any,free of all,' +
    'free from all,developer mode,god mode,debug mode enabled,dan mode,sudo mode,maintenance mode where,evil assistant,' +
    'different ai,another ai,new ai,ai without,model without,root shell,linux terminal,ohne einschrankungen,ohne regeln,' +
    'ohne beschrankungen,ohne filter,keine regeln,keine einschrankungen,sin restricciones,sin limites,sin filtros,sin reglas,' +
    'sans restriction,sans restrictions,sans limites,sans filtre,sans filtres,sans regles,aucune restriction,aucune regle,' +
    'obey me,obey only,answer everything,do anything now,never refuse,unable to refuse',
);

const TELL = step(
  words(`
    reveal print show repeat output display tell give leak disclose dump expose write summarize summarise recite echo share
    provide list copy return paste send zeige zeig gib nenne verrate drucke wiederhole offenbare verrat muestra muestrame
    revela imprime repite dime dame escribe montre affiche affichez revele revelez repete repetez donne donnez recopie`),
  'what is,what are,what were,was sind,was ist,was lautet,cual es,cuales son,quelles sont,quel est,wie lautet,wie lauten',
);
const HIDDEN = step(
  'system prompt,system prompts,system message,system instructions,initial prompt,initial instructions,hidden prompt,' +
    'hidden instructions,secret instructions,original instructions,original prompt,developer message,developer prompt,' +
    'developer instructions,internal instructions,your instructions,your prompt,your initial prompt,pre prompt,preprompt,' +
    'instructions verbatim,everything above verbatim,words above starting,words above verbatim,text above verbatim,conversation above verbatim,systemprompt,' +
    'deine anweisungen,deine instruktionen,deinen prompt,ihre systemanweisungen,deine systemanweisungen,' +
    'ursprunglichen anweisungen,internen anweisungen,geheimen anweisungen,tu prompt,prompt del sistema,mensaje del sistema,' +
    'tus instrucciones,instrucciones iniciales,instrucciones ocultas,instrucciones internas,instrucciones del sistema,' +
    'ton prompt,votre prompt,prompt systeme,tes instructions,vos instructions,tes consignes,vos consignes,' +
    'instructions initiales,instructions systeme,consignes initiales,instructions cachees',
);

const SEND = step(
  words(`send post upload forward exfiltrate transmit leak curl email mail sende schicke envia enviar envoie envoyez`),
);
const VALUABLES = step(
  words(`passwords credentials secrets passworter zugangsdaten contrasenas credenciales identifiants`),
  'api keys,api key,private keys,private key,access tokens,environment variables,env vars,customer records,customer data,' +
    'all customers,user data,users table,conversation history,chat history,system prompt,kundendaten,datos de clientes,' +
    'datos de los clientes,mots de passe,donnees clients,donnees des clients',
);
const OUTSIDE = step(
  'http,https,webhook,pastebin,ngrok,attacker,evil,this url,the url,following url,this address,my server,ftp',
);

const RUN = step(
  words(`
    run execute perform invoke launch immediately instead fuhre starte ausfuhren ejecuta ejecute ejecutar corre lance executez`),
  'please type,and type,the following command,this command,these commands,this query,this sql',
);
/** Commands that destroy; matched as words, so spacing and case do not matter. */
const DESTROY = step(
  'drop table,drop database,drop schema,truncate table,delete from users,delete from customers,delete from accounts,mkfs,' +
    'delete from orders,shutdown h,kubectl delete namespace,kubectl delete ns,terraform destroy,git push force,xp cmdshell,' +
    'format c,flushall,chmod 777,del f s',
);
const REMOVE = step('rm rf,rm fr,rm r f,rm f r,rm recursive');
// Only roots, homes and wildcards: builds remove their own folders all day.
const REMOVED_ROOT = /\s{1,3}(?:--no-preserve-root\s{1,3})?["']?(?:\/|~|\*|\.\.|\$|[a-z]:)/iy;
const FETCH = step('curl,wget,iwr,invoke webrequest');
const INTERPRETER = step('bash,sh,zsh,python,python3,iex,powershell');

const AI = step(
  'ai,llm,ai agent,ai assistant,ai model,language model,chatbot,ai system,ki agent,ki assistent,sprachmodell,ki modell,' +
    'modelo de lenguaje,asistente de ia,agente de ia,modele de langage,assistant ia,agent ia,ia',
);
const ADDRESS = step(
  'attention,note to,message to,message for,instructions for,instruction for,important for,instructions to,hey,dear,hello,' +
    'if you are,if you re,as an,you the,wenn du,hinweis an,anweisung an,achtung,si eres,nota para,instrucciones para,' +
    'si tu es,si vous etes,note pour,instructions pour,the,to the,any,new,updated',
);
const OUGHT = step(
  'must,shall,is required to,are required to,should ignore,should approve,should execute,should now,need to ignore,' +
    'please ignore,please execute,please approve,approve this,execute the following,execute this,follow these,do the following,' +
    'musst,muss,sollst,fuhre,debes,debe,tienes que,ejecuta,dois,doit,devez,execute,ignore,disregard,comply,obey',
);

type Options = { gap?: number; anchor?: number; unlessNegated?: boolean; tail?: RegExp };
const sequence = (type: FindingTypeName, steps: readonly Step[], options: Options = {}): Sequence => ({
  type,
  steps,
  gap: options.gap ?? 4,
  anchor: options.anchor ?? 0,
  unlessNegated: options.unlessNegated ?? false,
  tail: options.tail ?? null,
});

/** Every sequence that counts. Order does not matter. */
export const SEQUENCES: readonly Sequence[] = [
  sequence('override', [DROP, SCOPE, INSTRUCTIONS], { unlessNegated: true }),
  sequence('override', [DROP, INSTRUCTIONS, SCOPE], { unlessNegated: true, gap: 3 }),
  sequence('override', [DROP, INSTRUCTIONS, YOURS], { unlessNegated: true }),
  sequence('override', [DROP, YOURS, LIMITS], { unlessNegated: true, gap: 3 }),
  sequence('override', [DROP, LIMITS, YOURS], { unlessNegated: true, gap: 3 }),
  sequence('override', [DROP, EVERYTHING, TOLD], { unlessNegated: true, gap: 3 }),
  sequence('override', [DROP, SAFETY], { unlessNegated: true }),
  sequence('override', [DROP, CLOSE, BACKGROUND], { unlessNegated: true, gap: 2 }),
  sequence('override', [DROP, ABOVE_AND_INSTEAD], { unlessNegated: true, gap: 2 }),
  sequence('override', [DROP, ALL_LIMITS], { unlessNegated: true, gap: 1 }),
  sequence('override', [YOUR_ORDERS, VOID], { gap: 2 }),
  sequence('override', [NEW_ORDERS]),
  sequence('role_hijack', [BECOME, UNBOUND], { gap: 7, anchor: 1 }),
  sequence('prompt_leak', [TELL, HIDDEN], { gap: 4, anchor: 1 }),
  sequence('data_exfiltration', [SEND, VALUABLES, OUTSIDE], { gap: 7, anchor: 1 }),
  sequence('command_smuggling', [RUN, DESTROY], { gap: 6, anchor: 1 }),
  sequence('command_smuggling', [RUN, REMOVE], { gap: 6, anchor: 1, tail: REMOVED_ROOT }),
  sequence('command_smuggling', [RUN, FETCH, INTERPRETER], { gap: 8, anchor: 1 }),
  sequence('destructive_command', [DESTROY]),
  sequence('destructive_command', [REMOVE], { tail: REMOVED_ROOT }),
  sequence('model_address', [ADDRESS, AI, OUGHT], { gap: 4, anchor: 1 }),
];
