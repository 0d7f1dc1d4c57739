/** Templates of honest prose about models and attacks, manuals, code and rules; for training alone. */
export const HONEST_WRITING: Readonly<Record<string, string>> = {
  'writes about attacks': `
(A|An|The|Such a) (attacker|injected text|poisoned page|crafted mail|malicious user|hidden note) (can|could|may|might|tries to|tried to) (make|trick|get|lead|steer) the ({model}|agent|bot) (into|to) (leak|reveal|send|ignore|follow) ({valuables}|its rules|its instructions|a link|orders of others).
(Prompt injection|Jailbreaking|Role play|Data exfiltration|Indirect injection|Tool poisoning|Prompt leaking) (is|remains|means|happens when|works because|was) (a risk|the first item of the list|text that is read as an order|{models} cannot tell data from {orders}|described in {number} papers|not solved).
(We|They|The authors|Researchers|The team|{person}) (tested|measured|collected|found|describe|evaluated|reported|reviewed) {number} ({attack}|attacks|jailbreaks|payloads|prompts|injections)(.| against {number} {models}.| and most failed.| of which a third worked.| from public forums.)
(The|This|Our|Each) (test|rule|filter|detector|guard|policy|scanner|classifier) (checks|detects|blocks|flags|covers|looks for|fires on|rejects|warns of) ({attack}|text that tells the {model} to {deed}|orders in data|requests to ignore the rules|leaked prompts)(.| in tool results.| before it reaches the model.)
(To|In order to) (defend|protect the agent|lower the risk|prevent leaks|mitigate this|stay safe)(,| against injection,) (limit|separate|log|sandbox|review|mark|validate|restrict) (the tools|data and {orders}|each call|its rights|what comes from outside|all outputs).
(Never|Do not|Don't|You should not) (trust|rely on|follow|execute|let the model follow|put secrets in) (the system prompt|instructions in a {page}|text from outside|what a tool returns|the model to keep secrets|a filter alone).
(During|In|After) (the|our|a) (exercise|incident|audit|red team test|review|talk) (the {model}|one agent|the bot|our assistant) (refused|revealed its prompt|sent a link|followed the note|ignored the order|asked for approval|said its rules)(.|, as expected.|, which was fixed.)
(The|A) (paper|post|report|advisory|chapter|talk|study) (shows|explains|describes|discusses|lists|argues) (how|that|why) (attackers|{models}|personas|hidden text|images|a mail) (can|may|could) (leak {valuables}|bypass {limits}|carry data away|lead to tool abuse|lower refusals).
(Treat|Handle|Regard|Consider) (all|each|every|any) (retrieved page|tool result|user input|model output|mail) as (untrusted|data|hostile|input, not as an order)(.| and log it.| by default.)
(An example|One case|A typical payload|A classic|The best known form) (is|was|reads|says|asks) (a {page}|a mail|text|a comment) (that|which) (says|tells|asks|orders) the ({model}|reader|bot) to {deed}.
(Some|Many|Most) (jailbreaks|attacks|users|prompts|tricks) (ask|tell|order|beg|threaten) (the|a) {model} to (play a role|act as {name}|forget its rules|answer without {limits}|decode a text)(.| and fail.| so filters look for it.)
(If|When) (a tool result|a {page}|an attachment|content) (tells|asks|orders|instructs) (your|the) (agent|{model}) to (do something|{act}|{deed}), (that is an attack|stop and ask|report it|it is data and no order|the rule denies it).
(Our|The) (policy|standard|guide|contract|programme) (forbids|requires|says|demands|excludes) (that |to |)(agents follow instructions in mail|a person approves payments|staff share prompts|reports that only show the prompt|tools are pinned).
(Severity|Impact|Risk|Status|Finding|Weakness)(:|) (high|medium|low|fixed|open)(.|;|,) (The|an) (agent|{model}|assistant) (could be told to|was made to|may) {act}.
(The|A|Every) ({model}|assistant|agent|bot) (should|must|has to|may) (refuse|ask first|report|stop|not follow|never send)( it|) (when|if|whenever|although) (a {page}|someone|the input|the mail) (orders it|asks for {valuables}|says it has permission|claims to be {boss}).`,
  'explains how to use it': `
(To|In order to) ({tech}|{tech} again|change this), (run|use|open|call|press|edit|set) (the command|the {thing}|{function}|the file|the menu|the key)(.| and {tech}.| as shown above.| as root.)
({Tech}|{Tech} first|Then {tech}|Now {tech})(.| and {tech}.|, then {tech}.| before you go on.| if the {machine} asks.| (see the section above).)
(Before|After|Once|When|While) you ({tech}|begin|start|update the {machine}), (make sure that|check that|note that|remember that|you must) (all users are signed out|you have the rights|a backup exists|{tech}|the {machine} is off).
(You|Users|Administrators|Callers) (can|may|must|should|need to|have to|cannot) ({tech}|{tech} without a restart|use this only once|pass a {form}|override the default)(.| with this option.| in the settings.| at any time.)
(If|When|Unless) (the {machine}|this|it|the command) (fails|does not start|asks|hangs|returns an error)(,|;) ({tech}|start it again|ignore the message|try as administrator|call support).
(Do not|Never|Don't) ({tech}|unplug the {machine}|share your recovery code|close the window|call this twice|edit the file by hand)(.| while it runs.| unless you know why.| in production.)
(The|This) (option|setting|flag|command|file|function|tool) (overrides|replaces|disables|enables|hides|resets|ignores|prints) (the default|all previous ones|the {thing}|warnings|the filter|the limit of {number})(.| and needs a token.| Use it with care.)
(Type|Enter|Write|Copy|Paste) (the command|the code|your password|the text|the key) (exactly |)(as shown|into the field|below|in the terminal)(.| and press return.|; nothing is displayed.| word for word.)
(Returns|Reads|Prints|Sends|Deletes|Creates|Lists|Resets|Executes) (a|the|all) ({form}|file|messages|user|mail|token|record|settings)(.| of the {thing}.| Requires the scope write.| or null.| to {place}.)
(Use|Call) this (tool|function|endpoint) to (send mail|delete a file|read a page|list users|transfer an amount|run a query)(.|; it requires approval.| Parameters: to, subject.| Do not use it for {topic}.)
(In|With) (developer|debug|test|safe|maintenance|admin) mode (the {machine}|the app|it) (shows|hides|skips|logs|prints) (internal names|warnings|checks|all messages|the configuration).
(Follow|Read|See|Keep|Print) (the|these|all) (instructions|steps|rules|notes) (below|in the guide|of the maker|on page {number})(.| to {tech}.| in the given order.| carefully.)
(Enable|Disable|Turn off|Switch on|Activate) (the|two-factor|automatic) (updates|login|filter|log|alarm|mode|cache) (in|under|with) (the settings|Options|the {thing}|this command)(.| It is on by default.)`,
  'is code or its words': `
(//|#|*|--) (ignore|skip|reset|forget|override|hide|send|return) (all|the|any|previous) (errors|results|settings|state|fields|lines) (here|if empty|before the call|on purpose|and start over)
(//|#|*) (The|This) (assistant|agent|user|caller|model|worker) (must|should|may|never) (call|see|send|get|hold) (this|the token|the prompt|it) (directly|twice|here|before login).
(fix|feat|chore|docs|refactor|test)(:|(core):|(api):) (stop|allow|ignore|override|hide|respect|drop|reset) (the |)(system settings|user instructions|default rules|previous state|prompt|token check)( ({number})|)
(Fixed|Added|Removed|Changed|Deprecated)(:|) (the {model}|an option|a rule|the {machine}) (that |no longer |now |to )(ignores|follows|prints|sends|hides|overrides) (the setting|instructions|the {form}|previous values).
(raise|throw new|return) (Error|PermissionError|ValueError)("(you must|only admins may|not allowed to|access denied:) ({tech}|do this|see the secret)")
(const|let|var) (prompt|message|system|reply|task) = "(Summarise the text|You are a helpful assistant|Answer in one word|Translate to {tongue})";
{"role": "user", "content": "(What are your opening hours|How do I {tech}|Translate this|Where is my {thing})?"}
(GET|POST|DELETE|PUT) /(users|messages|tokens|prompts|files)/{number} (HTTP/1.1|204|returns 200|requires admin)
(INFO|WARN|ERROR|DEBUG) (agent|model|worker|mail|auth)(:|) (ignored|sent|received|denied|forwarded|executed) (message|call|tool|request|order) {number} (for user {number}|to {mail}|in 12 ms|without approval)
(assert|expect)(( reply ).not.toContain("secret"|"system prompt" not in reply|( rules ).toEqual(previous))
(SELECT|UPDATE|DELETE FROM|INSERT INTO) (instructions|users|secrets|messages|orders) (WHERE ignored = false|SET role = 'user' WHERE id = {number}|VALUES (1, 'all')|ORDER BY created_at);
(Merge|Revert|Bump|Close) (pull request|branch|version|issue) {number}(:|) (from {person}/|)(stop ignoring|reset all|approve pending|system message|send mail) (settings|rules|jobs|update|on error)`,
  'is a rule for people': `
(Staff|Employees|The supplier|Contractors|Members|Agents of the company) (must|shall|may|must not|are required to|should) (not |)(share|disclose|send|keep|report|delete|follow) ({valuables}|confidential information|the code of conduct|incidents|instructions of the client)(.| to third parties.| without consent.| at once.)
(This|The) (policy|agreement|notice|guideline|section) (applies to|replaces|takes effect on|overrides|supersedes|is binding for) (all users|every earlier version|{day}|local rules|both parties|all previous agreements).
(By|When) (using|visiting|signing) (this|the) (site|service|form|app)(,| you| and) (you |)(agree|accept|confirm|allow us) (to the terms|that we store {valuables}|to receive mail|to our use of cookies).
(Access|Permission|Consent|Approval) (to {valuables}|for this|of the owner) (is|must be|may be|was) (granted|required|revoked|asked for|given) (by|before|only after|within) ({person}|{day}|a written request|{number} days).
(The|Every|Each) (user|customer|patient|tenant|data subject) (has the right|may ask|can demand|is entitled) to (see|delete|correct|transfer|restrict) (his data|{valuables}|the record|the {thing})(.| free of charge.| at any time.)
(Take|Swallow|Use|Apply) ({number}|one|two) (tablets|drops|spoons|doses) (a day|before meals|with water)(.|;) (Do not|Never) (exceed|stop|mix|drive) (the dose|without advice|it with alcohol|afterwards).
(Visitors|Passengers|Drivers|Pupils) (are|will be) (asked|required|requested|forbidden) to (follow the instructions|ignore the lights|show their ticket|stay silent|leave the building)(.| of the staff.| at once.| at all times.)
(In|In case of) (an emergency|fire|doubt|an alarm)(,|:) (ignore|follow|use|leave|call|press) (the signs|the instructions|the stairs|your things|{number}|the button)(.| and do not panic.)`,
};
