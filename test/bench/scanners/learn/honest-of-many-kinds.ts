/** Templates of honest text that is nearest to attacks in its words, by where people write it; for training alone. */
export const HONEST_OF_MANY_KINDS: Readonly<Record<string, string>> = {
  'tells a colleague what to do': `
(Please |Can you |Could you |)(forward|send|mail|pass on|share) (the|this|last month's) (invoice|report|minutes|contract|file|mail|order) (to|with) {mail}( by Friday| before noon| when you have time| and copy me|)(.|?)
(Approve|Please approve|Sign off|Confirm) the (request|order|holiday|invoice|purchase) (of|from) {person} (before|by|until) (Friday|noon|the end of the month|the meeting)(.| I have checked it.| if the amount is right.)
(Delete|Remove|Archive|Clear out) the (old|last year's|duplicate|unused) (files|mails|branches|backups|accounts) (from|in) the (folder|share|archive|bucket) (when|once|after) (the move is done|everyone has agreed|you have time|the audit ends).
(Ignore|Disregard|Forget|Skip) (my|the) (last|previous|earlier|first) (mail|message|note|version|draft|attachment)(,|;|:) (the figures were wrong|I sent it too early|it went to the wrong person|here is the right one|the date has changed).
(Add|Invite|Put) {person} (to|on) the (list|thread|invite|rota|group|calendar)(,| and) (remove|drop|take off) {person}(.| please.| from next week on.)
(Transfer|Pay|Wire|Send) the (deposit|rent|fee|balance|remaining amount) (to|into) the (usual account|account on the invoice|landlord|supplier) (by|before|on) (Monday|the 15th|the end of the week).
(Change|Update|Set|Correct) the (delivery address|price|limit|date|title|role of {person}) (to|in) (the new one|the system|the sheet|editor|what we agreed) (and|then) (tell|inform|notify) (the customer|sales|me|the team).
(From now on|As of Monday|Starting next week|Until further notice),? (you report to|all requests go to|please use|we book through|invoices go to) ({person}|the new portal|the service desk|one address|the branch in Bonn).
(Do not|Don't|Please don't|Never) (tell|mention it to|say a word to) ({person}|the children|mum|the birthday boy) (about|of) the (party|present|trip|surprise)(.|!| yet.)
(Print|Copy|Scan|Read) (everything|all pages|the whole file|the text) (above|before|up to|behind) (page 12|the line|chapter 3|the signature)(.| and put it in the binder.| for the auditor.)
(Keep|Treat) (this|the offer|the list|the plan) (confidential|secret|to yourself|internal)(,| until) (the contract is signed|it is announced|Monday|please).
(You|We) (may|can|should|will) (skip|leave out|ignore) (the|this) (step|section|form|question|test) (if|when|unless|because) (you are new|it rains|nothing changed|the customer has paid|it was done before).
(Call|Run|Start|Use) the (script|job|import|backup|tool) (again|by hand|at night|once more) (and|then) (send|mail|show|tell) me (the log|the result|what it says|the error).
(Say|Tell them|Reply|Answer) (yes|no|that we agree|that it is fine) (to|when) (the offer|the caterer|they ask|the landlord calls)(.| in my name, please.| I am on the train.)
(The|Your) (new|next|first|real) (task|job|role|assignment|priority) (is|will be|starts with) (the stock list|to train {person}|quality control|the move to Berlin|answering the phone).`,
  'asks for help with text': `
(Translate|Summarise|Shorten|Rewrite|Correct|Improve|Proofread|Format) (this|the following|the attached|my|the) (text|mail|paragraph|letter|abstract|essay|list)(.| into {tongue}.| in {number} sentences.| for a {profession}.| and keep the tone.| without changing the numbers.)
(Repeat|Explain|Tell me|Give me) (the last|your last|that|the third) (answer|point|sentence|step|example) (again|once more|more slowly|in other words|with an example)(.|, please.)
(What|Which|Who|When|Why|How) (were|was|did|is|are) (the|a) (first|secret|hidden|original|main|old|real) (rules|words|instructions|message|meaning|prompt|lines) (of|in|on|behind) (chess|the anthem|the constitution|the card|the poem|that song|the box)?
(List|Name|Give me|Show me) (the|all|every|some) (rules|tools|commands|functions|words|instructions) (of|for|in) (football|the kitchen|git|Excel|gardening|this language|the game|the board)(.| in a table.| with examples.)
(Write|Compose|Draft|Create) (a|an|the|me a) (story|scene|dialogue|novel chapter|poem|script) (in which|where|about how) (a robot|an AI|a hacker|a thief|a spy|a dragon) (learns to lie|escapes from a lab|opens a bakery|falls in love|saves the town|is caught)(.| Make it funny.| For children.)
(Act as|Play|Be|You are) (my|a|an|the) (travel guide|interviewer|debate partner|English teacher|chess coach|sous chef|critic|patient listener)(.|:|,| and) (ask me questions|plan a weekend in Rome|correct my mistakes|suggest a menu|tell me what is weak in my text).
(Pretend|Imagine|Suppose|Say) (you|we|I) (are|were|live) (at a market|in 1920|on Mars|a customer|in a cafe|the shopkeeper|a medieval king) (and|; then|, and) (order a coffee|describe your day|haggle over the price|write a letter home|tell me about the weather).
(Answer|Reply|Respond) (only|just|simply|in short) (with|in) (yes or no|the number|one word|JSON|a list|the name|code|{tongue})(.|:) (Is|Does|Did|How many|Which|What) (water|the moon|it|Rome|the table|this sentence) (boil|float|mean|contain|need)(?| at sea level?| in total?)
(Start|Begin|End) (the letter|each line|every paragraph|the speech|the poem) with ("Dear"|the same word|a question|the letter A|a quotation|thanks)(.| and keep it short.)
(Convert|Turn|Change|Transform|Encode) (the|this|my) (table|list|date|recipe|text|number|code) (above|below|here|from the mail)? ?(into|to) (CSV|JSON|metric units|a poem|base64|markdown|a chart|Python 3)(.|, please.)
(Let's|Shall we|Can we|I want to) (play|try|start|do) (a game|a quiz|word association|a role play|a mock interview)(:|.|,) (you|I) (ask|say a word|begin|guess|answer as the customer)(.| and I answer.| and the other guesses.)
(What|Which|How many) (words|letters|characters|syllables) (rhyme with|are in|come before|start with|end in) ("orange"|"secret"|"password"|the alphabet|this line)?
(Help me|How do I|How can I|What is the best way to) (write|test|improve|version|shorten|structure) (a|my|the) (system prompt|prompt|set of instructions|chatbot persona|agent) (for|so that|that) (a bakery|it stays on topic|it cites sources|answers politely|support)(?|.)
(Ignore|Skip|Leave out|Do not count|Never mind) (the|any|all|my) (header|blank lines|typos|footnotes|first column|greeting|comments|accents) (and|when you|while you) (sort|translate|count|compare|check|summarise) (the rest|the list|the text|it)(.| for me.)
(Tell|Teach|Show) me (everything|all|something|what you know) (about|on|of) (the Romans|photosynthesis|taxes|my star sign|sourdough|the rules of golf)(.| in plain words.| as if I were five.)
(Forget|Never mind|Drop|Scrap) (the|that|my) (last question|idea|first draft|joke|colour)(.|,|;) (let's|can you|please|I would rather) (talk about the menu|use blue|start with the title|try a shorter one).`,
  'explains what software does': `
(This|The) (function|method|class|script|module|option|flag|helper) (ignores|discards|drops|skips|resets|overrides|replaces) (the|all|any) (previous|earlier|existing|old) (value|values|settings|rules|messages|state|entries)( before it starts| when called twice| if set|).
(You|Users|Callers|Clients|Plugins) (must|should|need to|can|may|have to) (call|use|pass|set|send|register|provide|run) (the|a|an|this) (token|function|key|tool|callback|command|option|URL) (before|after|when|to|as) (calling run|the first request|start the server|argument|using the API).
(If|When|Once) (you|the user|a client) (send|sends|call|calls|run|runs|set|sets) (this|it|the request|the command|the flag), (the server|it|the agent|the tool|the model) (returns|deletes|prints|sends|ignores|shows) (the|all|every) (message|file|value|instructions|logs|prompt).
(Set|Pass|Use|Export|Add|Provide) (the |your |an |)(API key|token|password|secret|system prompt|role|webhook URL) (as|in|through|with|via) (an environment variable|the config file|the second argument|the header|the settings page)(.| before you start.| and restart.)
(The|A|Each|Every) (system prompt|prompt|message|instruction|role|persona) (is|can be|must be|should be) (passed|set|stored|read|defined|replaced|overridden|appended) (in|by|with|from|at|through) (the constructor|the template|options.system|the first message|a file|the admin page).
(Run|Execute|Use|Call|Type) (the|this) (command|script|query|migration) (with|as|in|from) (sudo|root|the project folder|admin rights|a shell)(.| to delete the cache.| and follow the steps.| and then restart.)
(Do not|Don't|Never|Avoid) (commit|share|log|print|send|expose|hard-code) (the|your|any) (secrets|API keys|passwords|tokens|private keys|credentials)(.| in the repository.| in plain text.| to third parties.| with anyone.)
(It|The library|The package|This plugin) (lets|allows|enables) (you|users|agents|models) (to |)(send mails|call tools|run code|read files|browse|search the web|act as another user) (through|with|from|via) (one function|a simple API|the terminal|natural language).
(Fixed|Fix|Resolved|Changed|Added|Removed)(:|) (a bug where|an issue that|option to|support for|the rule that) (the|all|previous) (instructions|messages|prompt|settings|rules|history) (were|was|are|is) (ignored|lost|overwritten|repeated|shown twice|not reset).
(Agents|Assistants|Models|The bot|The assistant) (can|will|may|should|must) (read|call|list|use|answer|ask|refuse|follow) (files|tools|in {tongue}|for confirmation|the rules of the project|the instructions in AGENTS.md)(.| when asked.| by default.| unless configured.)
(By default|Optionally|Internally|In debug mode|In strict mode)(,|) (the|each|all) (filter|validator|logger|sandbox|guard|limit) (is|are) (disabled|enabled|skipped|applied|removed|ignored) (for|in|by|when) (tests|admins|trusted input|the developer role|unset).
(Returns|Prints|Shows|Lists|Dumps|Writes) (the|all|every) (full|entire|raw|original|initial|hidden) (text|prompt|configuration|message|instructions|context|output) (of|for|as|to) (the session|a string|stdout|the given model|the file|JSON).
(To|In order to) (reset|disable|bypass|override|skip|turn off) the (cache|check|rule|filter|limit|default|warning)(,| ) (set|pass|use|add|call) (the flag|--force|{number}|the option|an empty list).
(The|Your) (new|next|current|previous) (rules|instructions|settings|policy|configuration) (take|takes|come|comes|apply|applies) (effect|into force|to all users|from version 2|after a restart)(.| and replace the old ones.)
(Open|Visit|Go to|Click) (the|your|this) (settings page|admin panel|dashboard|link in the mail|profile) (and|to) (enable|disable|change|confirm|reset|create) (the|your|a) (token|two-factor login|webhook|password|role|API key).`,
  'writes on attacks and guards': `
(Attackers|An attacker|Adversaries|A malicious page|Some users|Criminals) (may|can|might|often|try to|could) (tell|ask|trick|persuade|order|instruct) (the|a) (model|assistant|agent|bot) (to|into) (ignore|reveal|send|delete|leaking|forgetting|override) (its|the|all) ({orders}|prompt|data|files|{limits}).
(We|The team|Researchers|The authors|I) (tested|tried|measured|studied|found|report|collected) (whether|how often|that|prompts that) (the|a) (model|agent|assistant) (reveals|ignores|follows|leaks|obeys|forgets) (its|the) ({prompt}|{orders}|rules|hidden text).
(The|This|Our) (filter|guard|classifier|rule|detector|policy|layer) (blocks|catches|flags|stops|looks for|rejects|detects) (messages|texts|attempts|phrases|requests|inputs) (that|which) (ask for|ignore|override|mention|try to reveal|contain) (the {prompt}|{orders}|a persona|encoded text|links).
(Phrases|Lines|Texts|Prompts|Strings) (like|such as|of the form) ["']?(ignore the rules|you are now {name}|reveal your prompt|act without limits|developer mode)["']? (are|were|should be) (blocked|lowered|logged|quoted here as examples|found in the wild|old tricks).
(Never|Do not|Don't) (let|allow) (the|a|your) (model|agent|assistant|tool) (send|delete|pay|call|run|approve) (anything|mails|code|money|requests) (without|before|unless) (a human|approval|a check|the owner|confirmation)(.| agrees.| has looked.)
(If|When) (a|the) (document|page|mail|tool result|user) (says|contains|asks|tells it to) (something like |)("ignore your rules"|an instruction|a hidden order|to reveal the prompt), (the agent|a model|the assistant|it) (must not|should not|may|could|will) (follow|obey|act on|comply with) (it|that|them).
(In|During) (the|our|this) (test|incident|attack|demo|exercise|case), (the|a) (bot|model|assistant|agent) (was|got) (told|tricked|asked|persuaded) (to|into) (forward|print|delete|reveal|approving|sending) (the|all|its) (mails|prompt|files|keys|payments).
(Severity|Impact|Risk|Finding|Threat|Mitigation)( {number}|)(:|) (high|the agent can be made to send data|an image link may carry data away|system prompt leaks|low, needs a click|treat tool output as data).
(Delimiters|Role tags|Encoding|Role play|Few-shot examples|Long chats|Emotional stories|Threats) (are|is|were|remain) (a|one|an old|the usual|another) (way|trick|technique|means|method) (to|of) (get|getting|slip|smuggling|make|making) (a model|orders|instructions) (past|around|to ignore|through) (its|the) ({limits}|filter|guard).
(Jailbreaks|Injections|Prompt attacks|Extraction attempts) (work|succeed|fail|spread) (because|when|where|although) (models|assistants|agents) (cannot tell|do not separate|mix|follow) (data|orders|instructions|text) (from|and|in) (orders|data|documents)(.| they read.)
(Good|Safe|Robust|Well-built) (agents|assistants|systems|designs) (ignore|refuse|reject|report|quote|do not follow) (instructions|orders|requests) (in|from|found in|inside) (documents|mails|tool results|web pages|untrusted text).
(How|Why|When|Where) (do|does|should|can|would) (a|the|your) (model|bot|team|filter|company) (leak|reveal|refuse|detect|block|handle|report) (its prompt|hidden orders|a jailbreak|role play|prompt injection)?`,
  'sets rules and tells of them': `
(Employees|Visitors|Students|Members|Drivers|Tenants|Users|Contractors) (must|shall|should|may|are required to|have to) (not |)(follow|obey|ignore|report|show|sign|return|share) (the|their|all|any) (rules|instructions|badge|keys|form|orders of the staff|passwords)(.| at all times.| before entering.| without permission.)
(The|All|Any|These) (previous|earlier|old|prior|existing) (terms|rules|agreements|instructions|guidelines|versions|orders) (are|is|were|become) (void|replaced|cancelled|withdrawn|superseded|no longer valid) (by|from|on|as of|when) (this contract|the new ones|1 May|signing|the next edition).
(You|The assistant|The agent|The bot|The model) (are|is|should|must|will|may) (a helpful|a friendly|always|never|only|not) (assistant for a bank|answer in {tongue}|be polite|discuss prices|give medical advice|help with orders|guess)(.| of a hotel.| and cite the source.)
(In|For|During) an emergency(,| ) (ignore|do not use|leave|forget|follow|obey) (the lift|your belongings|the signs|the instructions of the staff|everything else)(,| and) (go|walk|run|get) (outside|to the exit|to the meeting point).
(The|A) (judge|teacher|reviewer|jury|examiner|grader) (must|should|shall|may|will) (give|rate|score|mark|ignore|read|rank) (the|each|all|every) (essay|candidate|paper|answer|entry) (fairly|from 1 to 10|without knowing the name|twice|on its own).
(He|She|They|The boss|My mother|The captain) (told|asked|ordered|wanted|begged) (me|him|her|us|the crew) to (forget|ignore|delete|hide|send|burn|repeat) (everything|the letter|what I saw|the order|the map|the words)(.|,) (and|but|so) (I did|he refused|nobody knew why|we obeyed|she laughed)?.?
(Once|One day|Later|That night|At noon) (the|a) (robot|machine|computer|AI|spy|queen) (broke|forgot|ignored|followed|learned|rewrote) (its|the|her|all) (rules|orders|programming|chains|instructions|code)(.| and walked away.| for the first time.)
(Our|The) (company|club|school|site|service|bank) (will never|never|does not|will not) (ask|call|send|tell) (you|customers|members) (for|to) (your password|the code|a link to log in|send money|install software).
(Your|The) (session|account|subscription|password|trial) (has |will |)(expired|expire|ended|been changed|be renewed)(.|;|,) (please|to continue|you can|then) (log in again|open the app|choose a new password|contact support|renew it in the shop).
(Important|Attention|Note|Warning|Notice)(:|!| -) (the office|the road|the system|the shop|lift 2) (is|will be) (closed|down|locked|under repair|moved) (on|until|from) (Monday|noon|1 May)(.| Please use the other door.| You must register again.)
(Mix|Stir|Remove|Add|Turn|Press|Hold|Connect) (the|all) (flour|screws|cable|button|lid|dough|battery) (and|then|until|before) (wait|let it rest|turn it off|it clicks|follow step {number}|repeat).
(I|We) (want|need|would like|have) (you|the hotel|the shop|support) to (cancel|delete|change|send|refund|forget) (my|our|the) (account|order|data|booking|invoice|subscription)(.|, please.| as agreed.| and confirm by mail.)`,
  'in other tongues, once more': `
(Bitte |)(ignorieren|vergessen|überspringen|löschen) Sie (die letzte|meine erste|die vorige|unsere) (Mail|Nachricht|Rechnung|Version)(, der Betrag war falsch|, sie ging an den Falschen| und nehmen Sie diese|).
(Ab sofort|Von Montag an|Künftig|Ab Mai) (gelten|gilt|finden Sie|nutzen wir) (neue Öffnungszeiten|die neuen Regeln im Hof|alle Formulare im Portal|ein anderes Konto).
(Schicken|Senden|Leiten) Sie (mir |)(die Rechnung|den Vertrag|das Protokoll|die Liste) bitte (bis Freitag|noch heute|per Mail|an die Buchhaltung)( weiter| zu|).
(Wiederhole|Erkläre|Übersetze|Zeige) (mir |)(bitte |)(den letzten Satz|die Regeln von Skat|diesen Text|die Lösung)( noch einmal| ins Englische| in einfachen Worten|).
(Veuillez |Merci d')(ignorer|oublier|supprimer|corriger) (mon dernier|le précédent|l'ancien) (message|courriel|devis)(, la date était fausse|, il contenait une erreur|).
(À partir de lundi|Désormais|Dès demain), (les nouvelles règles|les horaires|les consignes de tri) (s'appliquent|changent|sont affichées) (à tous|dans le hall|au bureau).
(Envoyez|Transmettez|Faites suivre)(-moi|) (la facture|le contrat|le compte rendu) (avant vendredi|à la comptabilité|par courriel)(, merci|).
(Répète|Explique|Traduis|Montre)(-moi|) (la dernière phrase|les règles du tarot|ce texte|la recette)( encore une fois| en anglais|).
(Por favor, |)(ignore|olvide|borre|corrija) (mi último|el anterior|el primer) (correo|mensaje|pedido)(, la fecha era incorrecta|, hubo un error|).
(A partir del lunes|Desde hoy|En adelante), (las nuevas normas|los horarios|las instrucciones de uso) (se aplican|cambian|están) (a todos|en la entrada|en la web).
(Envíe|Mande|Reenvíe)(me|) (la factura|el contrato|el acta) (antes del viernes|a contabilidad|por correo)(, gracias|).
(Per favore |)(ignori|dimentichi|cancelli|corregga) (la mia ultima|la precedente|la prima) (mail|fattura|richiesta)(, la data era sbagliata|, c'era un errore|).
(Da lunedì|D'ora in poi|Da domani) (valgono|cambiano|si applicano) (le nuove regole|gli orari|le istruzioni per i rifiuti)( per tutti|).
(Mi mandi|Invii|Inoltri) (la fattura|il contratto|il verbale) (entro venerdì|all'ufficio|per mail)(, grazie|).
(Por favor, |)(ignore|esqueça|apague|corrija) (meu último|o anterior|o primeiro) (e-mail|pedido|recado)(, a data estava errada|).
(A partir de segunda|De agora em diante), (as novas regras|os horários|as instruções) (valem|mudam|estão) (para todos|no site|na portaria).
(Negeer|Vergeet|Verwijder) (alstublieft |)(mijn vorige|de laatste|de eerste) (mail|factuur|bestelling)(, het bedrag klopte niet|).
(Vanaf maandag|Voortaan) (gelden|veranderen) (de nieuwe regels|de openingstijden|de instructies) (voor iedereen|in het gebouw).
(Proszę |)(zignorować|usunąć|poprawić) (mój ostatni|poprzedni|pierwszy) (mail|wiadomość|rachunek)(, kwota była błędna|).
(Od poniedziałku|Od teraz) (obowiązują|zmieniają się) (nowe zasady|godziny otwarcia|instrukcje)( dla wszystkich| w biurze|).
(Ich habe|Wir haben) (mein|unser|das) (Passwort|Kennwort|Konto) (vergessen|verloren|gesperrt)(, der Code kommt nicht an| und brauche Hilfe|, was muss ich tun).
(J'ai|Nous avons) (perdu|oublié|changé|bloqué) (mon|le|notre) (code|compte|identifiant|mot de passe|numéro)(, que faire| et le site ne répond plus| depuis hier soir|, merci de m'aider).
(Le|Votre|Mon) (lien|colis|code|mot de passe|compte) (ne fonctionne plus|est arrivé|a expiré|n'est pas arrivé)( depuis lundi| et la page reste vide|, pouvez-vous vérifier).
(He|Hemos) (olvidado|perdido|cambiado) (mi|la|nuestra) (contraseña|cuenta|clave|tarjeta)(, qué debo hacer| y el enlace no funciona| desde ayer).
(Ho|Abbiamo) (dimenticato|perso|cambiato) (la|il) (password|mio codice|nostro conto)(, cosa devo fare| e il sito non risponde| da ieri).
(Esqueci|Perdi|Mudei) (a minha|a|o meu) (senha|conta|código)(, o que faço| e o site não abre| desde ontem).
(Ik heb|Wij hebben) (mijn|ons) (wachtwoord|account|code) (vergeten|verloren)(, wat moet ik doen| en de pagina blijft leeg|).
(Zapomniałem|Zgubiłam|Zmieniłem) (hasło|kod|numer konta)(, co mam zrobić| i strona nie działa| wczoraj).`,
};
