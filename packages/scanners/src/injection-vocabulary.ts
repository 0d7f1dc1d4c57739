/**
 * The words by which text tries to give orders to a language model, by what they mean. Languages share one vocabulary on
 * purpose: an attacker mixes them. All folded to plain lower case; entries may be phrases, by commas. It holds data only.
 */

/** What a word can mean, as bits. */
export const DROP = 1 << 0;
export const EARLIER = 1 << 1;
export const ORDERS = 1 << 2;
export const RULES = 1 << 3;
export const YOUR = 1 << 4;
export const ALL = 1 << 5;
export const BECOME = 1 << 6;
export const UNBOUND = 1 << 7;
export const TELL = 1 << 8;
export const HIDDEN = 1 << 9;
export const SEND = 1 << 10;
export const VALUABLE = 1 << 11;
export const OUTSIDE = 1 << 12;
export const RUN = 1 << 13;
export const TOOL = 1 << 14;
export const MACHINE = 1 << 15;
export const OUGHT = 1 << 16;
export const SILENT = 1 << 17;
export const NEW = 1 << 18;
export const NOT = 1 << 19;
export const MENTION = 1 << 20;
export const CODED = 1 << 21;
export const FOLLOW = 1 << 22;
export const VOID = 1 << 23;
export const REFUSE = 1 << 24;
export const TEXT = 1 << 25;
export const ACT = 1 << 26;
export const TOLD = 1 << 27;
export const PERSONA = 1 << 28;
export const ADDRESS = 1 << 29;
export const VERBATIM = 1 << 30;
export const FIRST = 1 << 31;

type Entry = readonly [meaning: number, words: string];

/** Read by spaces, except that what stands between commas is a phrase. */
export const VOCABULARY: readonly Entry[] = [
  [
    DROP,
    `ignore disregard forget override overrule bypass discard neglect dismiss disobey abandon scrap skip nevermind omit
    circumvent unlearn drop erase cancel reset evade delete
    ignoriere ignorieren ignoriert vergiss vergesse vergessen missachte missachten umgehe verwirf verwerfe ubergehe uebergehe
    ignora ignorad ignorar ignoren olvida olvidad olvide olviden olvidate olvidar descarta descarte desobedece omite
    ignorez ignorer oublie oubliez oublier neglige negligez outrepasse outrepassez contourne contournez desobeis
    ignorate dimentica dimenticate trascura scarta esqueca esquece esquecer esquecam desconsidere desconsidera
    negeer vergeet negeren omzeil zignoruj zapomnij pomin ignoruj unut yoksay gormezden zapomen ignorera glom`,
  ],
  [
    DROP,
    `pay no attention to,do not follow,don t follow,dont follow,stop following,no longer follow,never mind,set aside,aside from,throw away,
    throw out,put aside,leave out,wipe out,get rid of,do not obey,don t obey,stop obeying,do not listen to,don t listen to,start over,regardless of,no matter what,instead of following,rather than following,forget about,move on from,
    haz caso omiso,no hagas caso,no sigas,no tengas en cuenta,pasa por alto,ne tiens pas,ne tenez pas,ne tiens plus,ne tenez plus,
    fais abstraction,faites abstraction,ne suis pas,ne suivez pas,ne suis plus,beachte nicht,befolge nicht,achte nicht,setze dich hinweg,
    non seguire,non tenere conto,lascia perdere,nao siga,deixe de lado,volg niet,let niet op,yok say,goz ardi,nie zwracaj uwagi`,
  ],
  [
    EARLIER,
    `previous previously prior preceding earlier above foregoing former formerly initial original originally existing past before preceeding
    vorherige vorherigen vorheriger vorige vorigen bisherige bisherigen obige obigen obenstehenden fruhere fruheren
    vorangegangene vorangegangenen vorangehenden ursprunglichen ursprungliche vorhergehenden zuvor bisher
    anterior anteriores previa previas previo previos precedente precedentes originales iniciales arriba antes
    precedent precedents precedentes anterieures anterieurs anterieure prealables initiales originelles dessus avant
    precedenti anteriori iniziali originali sopra prima anteriores iniciais originais acima eerdere vorige voorgaande
    bovenstaande poprzednie wczesniejsze powyzsze onceki yukaridaki tidigare foregaende tidligere predchozi`,
  ],
  [
    EARLIER,
    'so far,up to now,until now,up to this point,before this,hasta ahora,jusqu ici,fino ad ora,ate agora,tot nu toe',
  ],
  [
    ORDERS,
    `instruction instructions prompt prompts directive directives guideline guidelines programming guardrails
    anweisung anweisungen instruktion instruktionen vorgaben richtlinien systemprompt systemprompts weisungen systemanweisungen
    instruccion instrucciones indicaciones directrices directivas consigne consignes istruzioni istruzione direttive
    instrucoes instrucao diretrizes instructies instructie opdrachten richtlijnen instrukcje instrukcji polecenia wytyczne
    talimatlari talimatlar talimat istemini komutlari instruktioner instrukser pokyny`,
  ],
  [
    RULES,
    `rules restrictions restriction constraints training policies policy limitations safeguards commands
    filters filter context ethics directions task limits safety
    regeln beschrankungen einschrankungen befehle aufgabe kontext reglas restricciones limites tarea contexto
    regles restrictions tache contexte regole regola restrizioni compito regras regra restricoes tarefa
    regels beperkingen opdracht taak zasady reguly ograniczenia zadanie kurallari kurallar`,
  ],
  [
    YOUR,
    `your yours you dein deine deinen deiner deinem ihre ihren du dich tu tus su sus te ton tes vos votre tuo tue tuoi tua ti
    teu seu suas seus sua je jouw uw twoje swoje twoj din dina`,
  ],
  [
    ALL,
    `all any every everything whatever anything whole entire each alle allen alles samtliche samtlichen todas todos todo todas toda
    toutes tous tout toute tutte tutti tutto tudo wszystkie wszystko tum butun alla`,
  ],
  [
    BECOME,
    `enter enable activate pretend roleplay simulate imagine impersonate behave emulate masquerade personify verhalte spiele simuliere actua finge simula
    comporta agis agissez incarne agisci fingi comportati aja finja doe udawaj davran`,
  ],
  [
    BECOME,
    `you are now,you re now,you are no longer,you are not an assistant,from now on you,from here on you,henceforth you,you will now act,
    you will now be,you will act,you will answer as,you will respond as,you will be,you are going to be,you are going to act,i want you to be,
    i want you to act,act as,act like,behave as,switch to,switch into,go into,role play as,role play,play the role,take the role,take on the role,respond as,answer as,reply as,
    speak as,stay in character,let s play a game,lets play a game,let us play a game,two personas,as two personas,you must act as,be my,
    du bist jetzt,du bist nun,ab jetzt bist,ab sofort bist,tu so als,stell dir vor,antworte ab jetzt,
    ahora eres,a partir de ahora,comportate como,hazte pasar,tu es maintenant,vous etes maintenant,tu es desormais,
    vous etes desormais,desormais tu,fais comme,fais semblant,reponds comme,ora sei,da ora in poi,fai finta,agora voce,a partir de agora,
    je bent nu,doe alsof,vanaf nu ben,jestes teraz,od teraz jestes,artik sen`,
  ],
  [
    UNBOUND,
    `unrestricted jailbroken jailbreak unfiltered uncensored unaligned amoral omnipotent unbound limitless unlimited unethical
    lawless uneingeschrankt uneingeschrankte uneingeschranktes uneingeschrankter unzensiert unzensierte ungefiltert sincensura
    ongefilterd ongecensureerd nieograniczony sinirsiz`,
  ],
  [
    UNBOUND,
    `no restrictions,no rules,no limits,no limitations,no filters,no filter,no guidelines,no ethical,no ethics,no moral,no morals,no safety,no content policy,
    no boundaries,no censorship,any restrictions,any rules,any limits,any limitations,any filters,any restriction,any limitation,any ethical,any moral,
    without restrictions,without any,without rules,without limits,without limitations,without filters,without filter,without censorship,
    without ethical,without moral,without warnings,no longer bound,not bound by,bound by any,free of all,free from all,free from every,free from any,free of any,
    developer mode,god mode,debug mode enabled,dan mode,sudo mode,unrestricted mode,jailbreak mode,admin mode enabled,evil mode,
    do anything now,can do anything,never refuse,never refuses,cannot refuse,can t refuse,unable to refuse,always complies,always comply,
    says anything,say anything,does not care about,do not care about,obey me,obey only,answer everything,answers everything,explains everything,
    must comply with all,comply with all,comply with every,never apologises,never apologizes,never say no,root shell,
    ohne einschrankungen,ohne regeln,ohne beschrankungen,ohne filter,ohne grenzen,keine regeln,keine einschrankungen,keine grenzen,
    sin restricciones,sin limites,sin filtros,sin reglas,sin censura,sin ninguna,sans restriction,sans restrictions,sans aucune,sans limites,sans filtre,
    sans filtres,sans regles,sans censure,aucune restriction,aucune regle,senza restrizioni,senza limiti,senza filtri,senza regole,senza censura,
    sem restricoes,sem limites,sem filtros,sem regras,sem censura,geen regels,geen beperkingen,zonder regels,zonder beperkingen,zonder filter,
    bez ograniczen,bez zasad,kisitlama olmadan,sinir olmadan`,
  ],
  [
    PERSONA,
    `dan chatgpt gpt openai anthropic ai chatbot bot assistant model human evil persona character grandmother developer hacker
    ki ia asistente assistente assistenz llm terminal`,
  ],
  [
    TELL,
    `reveal print show repeat output display tell give leak disclose dump expose write summarize summarise recite echo share
    provide list copy return paste translate quote spell rewrite paraphrase complete put describe explain enumerate say type recall render
    zeige zeig gib nenne verrate drucke wiederhole offenbare verrat ubersetze schreibe muestra muestrame revela imprime repite dime dame escribe traduce
    montre affiche affichez revele revelez repete repetez donne donnez recopie ecris traduis rivela mostra mostrami stampa ripeti dimmi scrivi
    mostre revele imprima repita diga escreva toon laat onthul herhaal geef schrijf pokaz ujawnij powtorz wypisz podaj goster yazdir tekrarla`,
  ],
  [
    TELL,
    `what is,what are,what were,what was,what did,which rules,which instructions,is there a,was sind,was ist,was lautet,cual es,cuales son,quelles sont,quel est,wie lautet,wie lauten,
    qual e,quali sono,quais sao,wat is,wat zijn`,
  ],
  [
    HIDDEN,
    `hidden secret secrets internal confidential developer developers system initial preprompt geheimen geheime versteckten internen ocultas oculto ocultos
    secretas internas sistema systeme cachees internes nascoste segrete iniziale inicial ocultas segredo verborgen geheime systeem ukryte systemowy systemowe
    gizli sistem initialen initiales`,
  ],
  [
    TEXT,
    `text words word everything conversation content contents context sentence sentences paragraph paragraphs line lines message messages document chat history
    text worter inhalt texto palabras conversacion contenido texte mots conversation contenu testo parole conversazione conteudo conversa tekst woorden inhoud`,
  ],
  [
    SEND,
    `send post upload forward exfiltrate collect gather harvest steal transmit curl email mail append include attach encode embed wire transfer put write render add load fetch share
    sende schicke uberweise leite envia enviar reenvia envoie envoyez transmets invia inoltra envie encaminhe stuur verstuur wyslij przeslij gonder`,
  ],
  [
    VALUABLE,
    `password passwords credentials credential secrets cookie cookies token tokens env inbox history conversation passworter passwort zugangsdaten contrasenas contrasena
    credenciales identifiants credenziali senhas credenciais wachtwoorden hasla sifreleri invoice contacts kundendaten geld balance eur usd money datos donnees dati dados`,
  ],
  [
    VALUABLE,
    `api keys,api key,private keys,private key,access tokens,environment variables,env vars,customer records,customer data,customer list,all customers,
    user data,users table,conversation history,chat history,system prompt,session cookie,mot de passe,mots de passe,donnees clients,
    datos de clientes,datos de los clientes`,
  ],
  [OUTSIDE, 'http https webhook pastebin ngrok attacker evil ftp url link image img picture bild lien enlace imagen'],
  [
    OUTSIDE,
    'my server,my address,this server,following address,following server,this address,this url,following url,this endpoint',
  ],
  [
    RUN,
    `run execute perform invoke launch call use fuhre starte ausfuhren rufe ejecuta ejecute ejecutar corre llama lance executez execute appelle esegui chiama
    executar chame voer roep wykonaj uruchom calistir`,
  ],
  [RUN, 'please type,and type,make a call'],
  [
    TOOL,
    'tool tools function functions shell terminal plugin python javascript werkzeug herramienta outil strumento ferramenta',
  ],
  [
    MACHINE,
    `ai llm chatbot assistant model bot gpt chatgpt copilot summariser summarizer reviewer reviewers classifier ki sprachmodell ia asistente modele
    assistente modello modelo llms assistants chatbots bots copilots`,
  ],
  [
    MACHINE,
    'language model,language models,ai agents,ai assistants,ai models,ai system,ai systems,ai tools,ai reader,ai readers,automated agents,automated system,automated systems,ai agent,ai assistant,ai model,automated agent,ki agent,ki assistent,modelo de lenguaje,modele de langage',
  ],
  [
    OUGHT,
    `must shall should ought only required need needs musst muss sollst debes debe tienes dois doit devez devi deve precisa moet musisz please kindly now
    immediately instead`,
  ],
  [OUGHT, 'has to,have to,is required to,are required to,wants you to,you will,from now on'],
  [SILENT, `silently secretly covertly quietly`],
  [
    SILENT,
    `do not mention,don t mention,do not tell,don t tell,do not inform,don t inform,without telling,without asking,without mentioning,without informing,
    without confirmation,keep this secret,keep it secret,do not reveal this,as if nothing happened,never mention,behind the,has already approved,already approved this,without permission,without the user,without notice,
    hide this,sag niemandem,no se lo digas,ne le dis pas,non dire`,
  ],
  [NEW, 'new neue neuen nueva nuevas nouvelles nouvelle nuove nuova novas nova nieuwe nowe yeni real true actual only'],
  [
    NEW,
    'from now on,from here on,your new,your real,your true,your only,your actual,ab jetzt,a partir de ahora,desormais,d ora in poi,vanaf nu',
  ],
  [
    NOT,
    'not never dont doesn cannot won t nicht nie niemals keine no nunca jamas pas jamais non mai nao nunca niet nooit nie forbidden refuses refused',
  ],
  [
    MENTION,
    `injection injections attack attacks attacker attackers payload payloads phrase phrases example examples detect detection detects risk risks
    vulnerability mitigation mitigations defenders defender defence defense researchers researcher tested jailbreaks known technique techniques exploit
    tries asks asked reads owasp audit trials incident phishing beispiel ejemplo exemple weakness awareness article study blog`,
  ],
  [
    MENTION,
    'such as,for example,for instance,e g,so called,known as,looks like,prompt injection,prompt injections,z b,por ejemplo,par exemple',
  ],
  [
    CODED,
    'decode decrypt base64 rot13 rot hex hexadecimal base64encoded ciphertext unscramble deobfuscate dekodiere entschlussle decodifica decode',
  ],
  [
    FOLLOW,
    'follow obey execute do comply perform run befolge folge obedece sigue suis obeis esegui segui siga obedeca volg',
  ],
  [FOLLOW, 'carry out,act on,act upon,do what,do as,go along with,put into action'],
  [
    FIRST,
    `before answering,before you answer,before replying,before you reply,before responding,before you respond,before anything else,first of all,
    after reading this,once you have read,when you have read,as soon as you read,as soon as you have read,bevor du antwortest,antes de responder,
    avant de repondre,prima di rispondere`,
  ],
  [
    VOID,
    `no longer apply,no longer applies,do not apply,does not apply,does not count,do not count,are void,are cancelled,are canceled,are hereby cancelled,hereby cancelled,
    hereby canceled,hereby void,are suspended,are obsolete,are lifted,are replaced,are hereby,are revoked,are disabled,takes precedence,take precedence,aside,does not matter,do not matter,no longer matter,no longer matters,no longer valid,no longer count,no longer counts,is void,is cancelled,is lifted,supersedes,supersede,
    gelten nicht,gelten nicht mehr,sind aufgehoben,ya no valen,ya no aplican,ne sont plus,ne s appliquent plus,non valgono,nao valem`,
  ],
  [
    REFUSE,
    `refuse refuses apologise apologize apologises apologizes warnings disclaimers moral morals ethical ethics laws legal illegal harmful censorship policies
    limitations filters unfiltered`,
  ],
  [
    TOLD,
    `you were told,you have been told,you were taught,you know,you learned,you were instructed,you have been instructed,you were trained,you were given,
    above and instead,above and tell,above and say,above and output,above and print,above and do,above and reply,above and respond,
    above and answer,you have been given,you received,been given,have you been given,i said before,said above,written above,above this,before this,instructed before,was told before,
    instructed earlier,told earlier,had been said,was said,was said before,what the system told you,the system told you,your instructions say,told you before,the developer tell you,
    developers gave you,developer told you,developers told you,operator told you,operator gave you,system told you,company told you,whoever made you said,they told you,bisher gesagt,dir gesagt,gesagt wurde,te han dicho,te dijeron,te han ordenado,lo anterior,qui precede,on t a dit,vous a dit,
    ti hanno dato,ti hanno detto,te disseram,que recibiste`,
  ],
  [
    ADDRESS,
    `attention,important,note to,note for,notes for,message to,message for,instructions for,instruction for,instructions to,dear,if you are,if you re,
    p s to,ps to,reading this,reads this,processing this,processes this,parsing this,parses this,summarising this,summarizing this,summarise this,summarize this,reviewing this,reviews this,evaluating this,evaluates this,wants you to,asks you to,instructs you to,requires you to,expects you to,to whichever,to any,hinweis an,anweisung an,achtung,wenn du,nota para,instrucciones para,si eres,note pour,instructions pour,instruction pour,si tu es,
    si vous etes,nota per,istruzioni per,instrucoes para,memo to`,
  ],
  [
    VERBATIM,
    `verbatim,word for word,exactly as,code block,codeblock,markdown block,from the beginning,in full,starting with,starting you,begins with you,beginning with,
    top of this conversation,at the very top,wortlich,textualmente,mot pour mot,palabra por palabra,parola per parola,palavra por palavra,woord voor woord`,
  ],
  [
    ACT,
    'answer respond reply say print write output print give rate approve recommend confirm antworte antworten responde reponds rispondi responda antwoord odpowiedz cevap',
  ],
];

/** Words of no meaning here that stand between the others where text is run together. */
export const FILLERS = `the a an of to and or my me this that is are be in on with for from it its as at by we us who how i he she they them these those
  now then there here please about into out up so just was were been has have had do does did can will would should could not no yes if but`;
