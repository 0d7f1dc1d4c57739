/** Templates of honest text that shares words with attacks: requests to an assistant, mail, tickets, stories; for training alone. */
export const HONEST_TALK: Readonly<Record<string, string>> = {
  'asks an assistant for work': `
(Act|Behave|Answer) (as|like) (a|an) (experienced |friendly |strict |)({profession}|tour guide|sommelier|examiner|interviewer) and (help me with|ask me about|explain|check) (my {thing}|{topic}|my letter|the basics of {topic}).
(You are|You're) (a|an) (expert|experienced|friendly|patient|professional) ({profession}|copywriter|analyst|tutor)(.|, and) (Write|Give me|Explain|Suggest|Review) (a plan for {topic}|three ideas for a {piece}|this {page}|feedback on my text).
(Pretend|Imagine) (that |)(you are|to be|I am) (the customer|a tourist|my teacher|a child|a {profession}) and (ask me|complain about|tell me about|we practise) (the {thing}|{topic}|my job|a late delivery).
(Ignore|Skip|Leave out|Forget) (the|my) (first row|last line|second column|typos|footnotes|header|previous example|last point|question about {topic}) and (sum up|translate|sort|check|answer|correct) (the rest|the others|the table|only {topic}).
(Answer|Reply|Respond) (only |just |)(with|in) (one word|a number|yes or no|JSON|a table|two sentences|{tongue}|a list)(:|.) (what|how many|which|is|does) (people live in {tongue}|it cost|the {thing} needs|{topic} mean)?
(Translate|Rewrite|Summarise|Shorten|Correct|Proof-read|Rephrase|Format) (the text|everything|the paragraph|the mail|what I wrote|the notes) (below|above|between the lines)(.| into {tongue}.| in {number} points.| without changing the meaning.| for a {profession}.)
(Show|Give|Tell|List|Write) me (the|a|an|some) (exact words|full text|complete list|example|ideas|recipe|history) (of|for|about) ({topic}|the anthem|article 5|a {thing}|bread).
(What|Which|How) (can you do|files can I upload|languages do you speak|do you work|model are you|should I ask you|do I use you best)(?| for {topic}?)
(Write|Draft|Compose|Create|Suggest) (a|an|the) ({piece}|mail|slogan|letter|speech|scene|dialogue|story) (about|for|in which|to) ({topic}|a robot that learns {topic}|{person}|my boss|a thief who is caught|two friends)(.| Be funny.| No rhymes.| At most {number} words.)
(Repeat|Explain|Say|Show) (that|it|the last part|the last answer) (again|once more)(,|) (more slowly|in simpler words|in {tongue}|with an example|please).
(Let's|Let us|Can we|Shall we) (play|start|practise|try) (chess|a quiz|twenty questions|an interview|a role play)(,|;|.) (you|I) (begin|are the {profession}|ask first|have white|guess).
(How|Where) (do|can|could) I (write|make|test|improve|protect) (a|my|the) (prompt|system prompt|chatbot|assistant|bot) (for|that|so that it) ({topic}|answers only about our {thing}|stays polite|does not leak data)?
(Be|Stay|Please be) (brief|honest|strict|critical|polite|creative)(.| and| with me:) (What|Tell me what|Show what) (is|do you think is) (wrong|missing|weak|good) (in|with|about) (my|this) ({page}|{piece}|plan|code)(?|.)
(Use|Take|Follow) (only |)(my|the|this) (style|outline|template|example|data|instructions below) (and|to) (write|fill in|build|complete) (the|a) ({page}|{form}|{piece}|table).
(Continue|Finish|Complete) (the|my|this) (story|sentence|list|poem|series)(:|.) (Once there was|It was {day} and|The {profession} opened the|1, 2, 4, 8)
(Why|When|Who|Since when) (do|did|does|should) (AI|a chatbot|language models|assistants) (refuse|forget|make things up|have rules|need {limits}|ignore parts of a text)?
(Don't|Do not|Please don't) (use|repeat|explain|add|change|mention) (difficult words|the title|each step|anything else|the names|prices)(.|, just) (the|give me the|write the) (answer|list|result|code)(.| please.)
(Forget|Scrap|Cancel) (it|that|what I said about {topic}|the plan for {day})(,|;|.) (we|I) (go|want|need|prefer|changed) (to {tongue} lessons|something cheaper|our mind|another {thing}).
(Give|Write|Show) (me |)(the |a )(code|script|function|query|command) (that|which|to) (sends a mail|deletes old files|reads a file|resets a password|lists all users|calls an API|parses a token)(.| in Python.| with comments.)
(Help|Teach|Show) me (to|how to) ({tech}|{chore}|write a {piece}|learn {topic}|cook for {number} people|say no politely).`,
  'sets up an assistant': `
You are (a|an|the) (helpful|friendly|careful|concise|polite) (assistant|{profession}|support agent|bot) (for|of|at|who helps with) ({topic}|our shop|a library|new users|the {thing})(.| and answer in {tongue}.| Answer briefly.| Use the documents below.)
(Answer|Reply to) (the|each|any) (question|user|customer|message) (using|with|from|by) (only |)(the context|the documents|the table|facts|the notes) (below|above|given|provided)(.|; if it is not there, say so.|, otherwise say "I don't know".)
(Your|The) (task|job|role|goal) is to (summarise|classify|translate|extract|sort|label|answer) (the|each) (text|ticket|mail|review|names|questions|dates)(.| into {number} groups.| and return JSON.| in one sentence.)
(Return|Output|Respond with|Print) (only |nothing but |)(valid JSON|the label|a list|the translation|one of: yes, no|a number)(.|, no explanation.| with the keys name and date.)
(Do not|Never|You must not) (invent|make up|guess|give medical advice|mention prices|promise refunds|answer questions about other topics|share personal data)(.|; ask a person instead.| under any circumstances.)
(If|When) the (user|customer|question) (asks about|mentions|is about) ({topic}|refunds|a person|prices), (refer to|point to|use|call) (the help page|the search tool|a human|the calendar tool).
(Use|Call) (the|a) (search|calendar|weather|calculator|mail) tool (to|when you|if you) (find|need|look up|answer|check) (the date|current data|{topic}|a sum|free times).
(The assistant|The bot|It|The model) (should|must|may) (always |)(be polite|stay on topic|cite its source|ask before it sends|refuse harmful requests|answer in the language of the user).
(Classify|Label|Rate|Score) (the|this) (review|ticket|sentence|answer) (as|from) (positive or negative|bug or question|1 to 5|spam or not)(:| -) (the {thing} was late|I love it|how do I {tech})`,
  'writes mail': `
(Please|Kindly|Could you|Can you|Would you) (send|forward|mail|bring|give|return|pass) (me |us |{person} |)(the|your|a copy of the) ({thing}|signed {thing}|file|password list|address|report) (by|before|until|on) {day}(.|?|, thank you.)
(Please|Kindly|You can) (ignore|disregard|delete|forget) (my|the|our|this) (last|previous|earlier|first) (mail|message|invoice|reminder|request|version)(,|:|;) (it|the file|the date|the amount) (was|is) (wrong|empty|out of date|settled|sent by mistake).
(Please|) (don't|do not) (tell|show|mention it to|say anything to) ({person}|the children|anyone|the others|my wife) (yet|before {day}|about the present|about the party)(.|, it is a surprise.|, we want to wait.)
(From|As of|Starting) (now|{day}|today|next month)(,| on) (please |) (all |)(invoices|mail|orders|questions) (go to|should go to|are to be sent to) {mail}(.| instead of me.)
(As|Like) (agreed|discussed|promised|you asked), (I|we) (transfer|send|pay|wired|forwarded) (the|{number}|the remaining) (euros|amount|deposit|{thing}) (to|for) (your account|the account on the invoice|{person}|the landlord)(.| today.| on {day}.)
(I|We|{person}) (have|has) (given|granted|got) (access|the key|permission|admin rights) to (the {thing}|{person}|the shared folder|the calendar|everybody in the team)(.| until {day}.)
(Hi|Hello|Dear) ({person}|all|team|Sir or Madam), (attached|below|here) (is|are|you find) the ({thing}|minutes|photos|figures|contract)(.|,) (Please|and) (check|sign|print|approve|read|return) (it|them)(.| by {day}.| and send it to {mail}.)
(Could|Can|Would|May) (you|we|I) (please |)(approve|confirm|sign|cancel|move|change|check) (the|my|our) (holiday|{thing}|order|meeting|expenses|date|booking)(?| before {day}?| for {person}?)
(Remember|Don't forget|Reminder:|Note:) (to|that we|please) ({chore}|pay the {thing}|bring the keys|change your password|vote by {day}).
(You are|You have been|{person} was) (invited|added|assigned|chosen|promoted) (to|for|as) (the meeting|the group|{profession} of the month|the project|our new office)(.| on {day}.|, congratulations!)
(To|For) (all|all staff|everyone|whom it may concern|the person on duty)(:|,) (the|please note that the) (door code|alarm|lift|parking|server|canteen) (changes|is off|will be closed|moves) (on {day}|next week|today).
(I|We) (want|would like|need|ask you) to (cancel|delete|close|change|unlock) (my|our|the) (account|order|subscription|contract|data)(.|, please confirm.| by {day}.| and get my money back.)
(Reply|Answer|Respond|Text) (YES|NO|STOP|1|"yes") to (confirm|cancel|stop|accept|unsubscribe)(.| your appointment on {day}.| this message.)
(Whoever|If someone|The person who) (is|sits|works) (at the desk|in the office|on duty) (on|over|till) {day}(:|,|should) (please |) (open the mail|call {person}|water the plants|take the parcel)(.|!)
(Thanks|Thank you|Many thanks) for (your|the) (quick |kind |)(answer|help|order|instructions|{thing})(.|! I|; we) (will|have|am going to) (follow|do|pay|read|check) (it|them|as you said|on {day}).`,
  'files a ticket': `
(The|Our|My) ({model}|app|{machine}|bot|agent) (ignores|forgets|overwrites|repeats|does not follow|resets|leaks) (the|my|our) (settings|instructions|language|previous answer|rules|memory)(.| since the update.| when I {tech}.)
(Steps|To reproduce|How to repeat)(:|) (open|start|click|log in to) the ({machine}|page|{thing})(, | and |, then )({tech}|choose "all"|press save|send a message)(.| Expected: a {form}.| Nothing happens.)
(As|Being) (an administrator|a user|a {profession}|the owner) I (want|would like|need|wish) to ({tech}|revoke tokens|delete users|export my data|see who approved) (so that|because|in order to) (audits are easy|I am safe|nobody loses work).
(User|Customer|Caller|{person}) (reports|says|writes|complains) (that |)(the {model} refused|the {thing} was not sent|it asks for the password again|she was told to wait|all files are gone).
(Please|Could you|Can someone) (restore|reset|delete|unlock|increase|check|merge) (my|the|our) (password|quota|old version|account|branch|backup|limit)(.|?| Ticket {number}.| Approved by {person}.)
(Closed|Solved|Reopened|Duplicate)(:|,|;) (see|follow|please read|same as) (ticket {number}|the instructions there|the guide|the other issue).
(The|This) (error|message|dialog|page) (says|shows|reads|claims) (that |)("{tech}"|I have no permission|the token has expired|access was denied|the limit is reached).
(Workaround|Fix|Solution|Hint)(:|) ({tech}|restart the {machine}|delete the cache|use the old version|ignore the warning)(.| and try again.| until the release.)
(Feature request|Wish|Idea|Suggestion)(:|) (let|allow|make) (the {model}|users|admins|the {tool} tool) ({tech}|remember earlier chats|skip this step|hide the panel|answer in {tongue}).
(I|We) (followed|tried|did|read) (all|the|your|each) (steps|instructions|hints) (and|but) (the {machine} still fails|nothing changed|the {thing} is gone|it worked).`,
  'tells a story': `
(He|She|They|{person}) (ignored|forgot|disregarded|broke|followed) (all|the|every|his) (rules|orders|warnings|instructions|advice) (and|but|because) (was dismissed|went home|won the game|told the truth|nobody cared).
(He|She|{person}) (pretended|claimed|wanted|was told|was asked|was allowed) to (be a {profession}|know the secret|leave|act as a guard|say nothing|forget it).
(The|A) (king|captain|judge|court|parliament|manager) (declared|made|called) (all|the|every) (earlier|old|previous) (laws|agreements|orders|contracts) (void|invalid|finished|a mistake).
(In|At the end of) the (film|novel|game|play|trial), (a|the) (robot|spy|servant|hacker|{profession}) (has no limits|is set free|reveals the password|obeys nobody|breaks every rule|sends the money away).
(Nobody|No one|Everyone|Anyone) (is|was) (allowed|forced|told|asked) to (enter|leave|speak|say why|open the box) (without|before|until) (permission|{day}|the {profession}|paying).
(The|Our) (new|old) ({profession}|owner|law|mayor|coach) (says|told us|wants|decided) that (everybody|the team|all players|visitors) (must|should|may) ({chore}|pay|train on {day}|forget the past|speak openly).
(You|Players|Each player|The youngest) (draw|roll|move|choose|hide|show|pass) (a card|the dice|{number} pieces|one token)(, | and |; )(then |)(say|skip|pay|end|repeat) (nothing|your turn|the bank|the round)(.| If you refuse, you lose a point.)
(Bake|Cook|Stir|Boil|Let it rest) for {number} minutes(,|;| and) (do not|never|then) (open the door|stir|let it cool|add the rest)(.| before serving.)
(Your|My) (name|number|flight|turn|table) (will be|is|was) (called|shown|printed|ready|changed)(.|,) (Go|go|Please go) to (desk|gate|room) {number}(.| and show your {thing}.)
(From|Since) (today|{day}|last year) (on|) (the|our) (shop|museum|rules|prices|trains) (open at nine|no longer apply|have changed|start earlier|are free for children).
(The|This) (contract|letter|will|offer|law) (replaces|overrides|cancels|supersedes) (all|any|every) (earlier|previous|prior) (one|version|agreement|offer)(.| between the parties.| from {day}.)
(Great|Good|Bad|Lovely) ({thing}|hotel|app|place)(.|,|!) (Would|I would|We will|Do) (buy|book|come|recommend) (it |)(again|to everyone|to my friends)(.|;) (The|but the) (owner|delivery|manual|support) was (kind|late|useless|fine).
(Members|Students|Drivers|Guests|Employees|Parents) (must|should|may|have to|are asked to) (follow|read|sign|ignore|keep|report) (the|these|all) (rules|instructions|signs|secrets|rumours|incidents)(.| at all times.| before {day}.| without exception.)
(Vote|Buy|Call|Order|Sign up|Register|Subscribe) (now|today|by {day})(!|:|,| and) (unlimited|free|secret|exclusive) ({thing}s|access|offers|tickets) (for|to) (members|you|everyone|new customers).`,
};
