"""What somebody meant by a text they sent us.

Pure: no Django, no database, no clock. The receiver asks ``classify`` in the
transaction that stores the text, so that an opt-out is effective at its commit
(contract 4); ``read_reply`` then says which answer it is to the open question.

Opting out and crisis are two questions asked of every text, never a choice: "stop,
I want to die" is both. Both lean towards yes. An ambiguous wish to be left alone
opts out and goes to a person (MSG-23, LAW-9); a wish to go on getting texts, or a
"stop" that is about a bus, does not. Whatever fits nothing goes to a person.

Tuned on one half of bench/replies/phrases.csv; ``python -m bench replies``.
"""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from reminders.rules.wording import Answer, Template


class Intent(StrEnum):
    """What a short answer says by itself, before the question gives it a meaning."""

    YES = "yes"
    NO = "no"
    DONE = "done"
    NOT_TODAY = "not_today"
    LATER = "later"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a text say, whoever sent it and whatever was asked."""

    opt_out: bool = False
    wrong_person: bool = False  # also an opt-out of that number
    crisis: bool = False
    opt_in: bool = False
    help: bool = False
    intent: Intent | None = None
    number: int | None = None  # 0 to 10, with Intent.NUMBER


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means for us. Any of the first four may hold beside a crisis."""

    crisis: bool
    opt_out: bool
    wrong_person: bool
    opt_in: bool
    help: bool
    answer: Answer | None
    number: int | None
    needs_person: bool  # to the coordinator's inbox


# --- from what was typed to plain words ---------------------------------------------------------

LONGEST = 1000
"""Letters read from each end of a text; a longer one is somebody's paste, but may begin or end in STOP."""

_LOOK_ALIKES = str.maketrans("асеорхуітмнкѕјοντρσςα🆂🆃🅾🅿", "aceopxyitmhksjovtpssastop")
_SPACED_LETTERS = re.compile(r"(?<![^\W_])[a-z](?:[\s.*_/-]+[a-z](?![^\W_])){2,}")
_APOSTROPHES = re.compile(r"['’‘`´]")
_SIGNATURE = re.compile(r"[\n\r]\s*(?:sent from my|enviado desde mi|get outlook)\b.*", re.DOTALL)
_CLAUSE_END = re.compile(r"[.!?;,:()\[\]\"“”«»…¡¿|/]+|\s-+\s|[\n\r]{2,}")
_TOKEN = re.compile(r"[a-z0-9]+")
_OVERDOSED = re.compile(r"\bo\.?d\.?['’]?(?:d|ed|ing)\b|\bod['’]s\b")
_LETTER_ZERO = re.compile(r"(?<=[a-z])0|0(?=[a-z])")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_REPEATS = re.compile(r"(.)\1+")

_SAME_WORD = {
    **dict.fromkeys(("txt", "txts", "tex", "texts", "text", "sms", "txtmsg", "textos", "texto"), "text"),
    **dict.fromkeys(("txting", "texing", "texting", "textin", "txtin", "texted"), "texting"),
    **dict.fromkeys(
        ("msg", "msgs", "message", "messages", "mesage", "mesages", "massage", "massages", "mensaje",
         "mensajes", "mensages", "mjs", "msjs", "msj"),
        "message",
    ),
    **dict.fromkeys(("msging", "messaging", "messging", "mesaging"), "messaging"),
    **dict.fromkeys(
        ("reminder", "reminders", "remainder", "remainders", "notification", "notifications", "alert",
         "alerts", "recordatorio", "recordatorios", "aviso", "avisos", "notificaciones"),
        "reminder",
    ),
    **dict.fromkeys(("pls", "plz", "plese", "pleas", "pleese", "please"), "please"),
    **dict.fromkeys(("dnt", "dont", "donot", "dint", "doont"), "dont"),
    **dict.fromkeys(("u", "ya'll", "yall", "you"), "you"),
    **dict.fromkeys(("unsub", "unsubscribe", "unsubcribe", "unsuscribe", "unsubscrib", "unscribe",
                     "unsubscribed", "unsubscibe", "unsusbcribe", "unsubcribed", "unsusbscribe", "unsubscirbe", "unsubsrcibe", "unsuscribir", "unsuscribirme", "desuscribanme", "unsibscribe", "unsubsribe", "desuscribir", "desuscribirme"), "unsubscribe"),
    **dict.fromkeys(("leve", "leav", "lv", "leev"), "leave"),
    **dict.fromkeys(("lone", "alon", "alne", "allone"), "alone"),
    **dict.fromkeys(("cancle", "canel", "cancell", "canceled", "cancelled", "cancal", "cansel", "kancel"), "cancel"),
    **dict.fromkeys(("qiut", "quitt", "quits"), "quit"),
    **dict.fromkeys(("optt", "opted", "opting"), "opt"),
    **dict.fromkeys(("outt",), "out"),
    **dict.fromkeys(("wrng", "worng", "wong", "wrog", "rong"), "wrong"),
    **dict.fromkeys(("fck", "fuk", "fuc", "fuq", "phuck"), "fuck"),
    **dict.fromkeys(("wnat", "wan", "wnt", "want"), "want"),
    **dict.fromkeys(("num", "nmbr", "nbr", "numbr", "nuber", "nummber", "numero", "number"), "number"),
    **dict.fromkeys(("suicde", "sucide", "suiside", "suicid", "suacide", "suicied", "suside"), "suicide"),
    **dict.fromkeys(("sucidal", "suicidle", "suicdal", "sucidial"), "suicidal"),
    **dict.fromkeys(("nvm",), "nevermind"),
    "xfavor": "por favor",
    "porfa": "por favor",
    "porfavor": "por favor",
    "stopall": "stop all",
    "optout": "opt out",
    "kms": "kill myself",
}  # fmt: skip

_JOIN = (
    (re.compile(r"\b(?:do|does) not\b"), "dont"),
    (re.compile(r"\bdoesnt\b"), "dont"),
    (re.compile(r"\bcan ?not\b"), "cant"),
    (re.compile(r"\bwill not\b"), "wont"),
    (re.compile(r"\b(?:is|am|are) not\b|\b(?:arent|aint)\b"), "isnt"),
    (re.compile(r"\bdid not\b"), "didnt"),
    (re.compile(r"\bany more\b"), "anymore"),
    (re.compile(r"\bmy self\b"), "myself"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgonna\b|\bfinna\b|\bgona\b"), "going to"),
    (re.compile(r"\b(want|going|ready|need) 2\b"), r"\1 to"),
    (re.compile(r"\bdie+\b"), "die"),
)

# "stop" with two neighbours swapped, a letter dropped, or its neighbour on the keyboard or in the ear.
# A list and not a distance: "step", "shop", "spot" and "post" are as near.
_SLIPS = frozenset(
    {
        "sotp", "stpo", "tsop", "stp", "sto", "stip", "stup", "stol", "stoo", "srop", "sgop", "syop", "sfop",
        "dtop", "stahp", "stahhp", "stawp", "sttop", "stiop", "stoip", "stopo", "stopl", "stobp", "zstop",
    }
)  # fmt: skip


# Keywords that people draw out ("ALTOOO"); none has a doubled letter of its own.
_DRAWABLE = frozenset({"alto", "para", "pare", "paren", "basta", "baja", "fin", "salir", "end", "quit", "no", "mas"})


def _is_stop(token: str) -> bool:
    """Tell whether a word is "stop", misspelt or drawn out."""
    return token in _SLIPS or (token[:1] == "s" and _REPEATS.sub(r"\1", token) == "stop")


def _clauses(text: str) -> list[str]:
    """Return the text's clauses as plain words: no case, accents, marks or look-alike letters.

    A line that ends without a stop goes on in the next, except for what a mail program adds below.
    """
    if len(text) > 2 * LONGEST:
        text = text[:LONGEST] + " " + text[-LONGEST:]
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(
        " " if unicodedata.category(letter) == "Cc" and letter not in "\n\r" else letter
        for letter in text
        if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"
    )
    text = text.translate(_LOOK_ALIKES).replace("$top", "stop").replace("su1c", "suic")
    text = _OVERDOSED.sub("overdosed", text)
    text = text.replace("wrong #", "wrong number").replace("@", "a")
    text = _APOSTROPHES.sub("", text)
    text = text.replace("un-sub", "unsub").replace("un sub", "unsub").replace("no +", "no mas ")
    text = _SPACED_LETTERS.sub(lambda found: re.sub(r"[^a-z]", "", found[0]), text)
    text = _SIGNATURE.sub("", text)
    clauses = []
    for part in _CLAUSE_END.split(text):
        words = []
        for token in _TOKEN.findall(part):
            if not token.isdigit():
                token = _LETTER_ZERO.sub("o", token)
            token = _DRAWN_OUT.sub(r"\1", token)
            word = _SAME_WORD.get(token, token)
            if word not in _DRAWABLE and _REPEATS.sub(r"\1", word) in _DRAWABLE:
                word = _REPEATS.sub(r"\1", word)
            words.append("stop" if _is_stop(word) else word)
        joined = " ".join(words)
        for pattern, plain in _JOIN:
            joined = pattern.sub(plain, joined)
        if joined:
            clauses.append(joined)
    return clauses


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{pattern})" for pattern in patterns))


# --- opting out ------------------------------------------------------------------------------------

_TEXTS = r"(?:text|texting|message|messaging|reminder|mail|spam|subscription|suscripcion|suscription)"
_THESE = r"(?:(?:me|us|all|any|of|the|these|this|those|your|ur|my|more|such|with|getting|receiving|sending|get|receive|have|to|be|please|already|from|you|kind|automated|daily) )*"

# A wish that the texts go on, or a stop that is about something else. Cut out before "stop" is looked for.
_NOT_ABOUT_TEXTS = _any(
    r"\b(?:(?<!if you )dont|(?<!you )never|not) (?:ever |please |you |dare |want |wish |like |need |mean |to |for |it |them |this |these )*(?:stop|quit|unsubscribe|opt out|end|cancel)\b",
    r"\b(?:why|how come) (?:did|have|has|do) (?:\w+ ){0,4}stop\b",
    r"(?<!you )\b(?:did|didnt|does|wont|cant|couldnt|wouldnt|doesnt|isnt|hasnt) (?!you )(?:it |they |this |the \w+ |\w+ )?stop\b(?! (?:texting|messaging|sending|contacting|spamming|bothering|these|those|me))(?: \w+ing)?\b",
    r"\b(?:bus|train|metro|tram|truck|rest|last|first|next|my|your|one|non|pit|that|which|what|a) stop\b(?! (?:text|message|send|contact))",
    r"\bstop (?:by|over|in(?! the)|sign|signs|light|lights|watch|at(?! (?:once|this|my))|off|and say|for gas|for a(?! (?:while|bit|few|week|month)))\b",
    r"(?<!how )\b(?:should|can|could|may|when do|when can|if) (?:i|we) (?:just |ever )?stop\b(?! (?:\w+ )?(?:these|this|the)? ?(?:text|texting|message|reminder|getting|receiving))",
    r"\bstop(?:ping)? (?:taking|drinking|smoking|using|eating|working|thinking|shaking|crying|bleeding|vomiting|throwing|coughing|craving|wanting|sweating|hurting|going|doing|coming|breathing|worrying|seeing|feeling|being|having|vaping|snoring|laughing|itching)\b(?! (?:me|us) (?:text|message))",
    r"\bstop (?:(?:the|my|this|these|taking|all) )*(?:medicine|medicines|medication|medications|meds|med|pill|pills|tablet|tablets|treatment|shot|shots|injection|injections|naltrexone|vivitrol|bleeding|pain|cravings?|drinking|alcohol|heroin|program)\b",
    r"\b(?:told|asked|telling|wants|want) me to (?:stop|quit)\b(?! (?:text|message))",
    r"\bsaid (?:i should |to )stop (?:taking|using|the|my)\b",
    r"\bquit (?:smoking|drinking|using|my|vaping|work|school|the (?:job|gym|team)|cigarettes|alcohol|coffee)\b",
    r"\b(?:i|to|and|just|never) quit (?:smoking|drinking|using|my|last|yesterday|cold)\b",
    r"\bno (?:\w+ ){0,3}(?:paren|pare|pares|parar|paremos|dejen|deje|dejes|dejar|darme de baja|dar de baja|detengan|cancelen|cancelar)(?: de \w+)?\b",
    r"\b(?:dejar|dejando|parar) de (?:beber|tomar|fumar|usar|consumir|llorar|toser|temblar|vomitar|pensar|comer|sangrar)\b",
)

_STOP_WORDS = _any(
    r"\bstop\b",
    r"\bstopping (?:these|the|your|all)?\s?(?:text|message|reminder)",
    r"\bunsubscribe\b",
    r"\bopt(?:ing|ed)? (?:me |us |back )?out\b",
    r"\bdiscontinue\b",
    r"\bcease\b",
    r"\bdesist\b",
    r"\brevoked?\b",
    r"\bparen(?:le|los|lo)?\b|\bparele\b",
    r"\bpar(?:e|en|a|ar|as) (?:ya|de (?:escrib|mand|envi|molest|text|llam|contact|spam))",
    r"\bpare\b",
    r"\bdeten(?:gan?|gase|ganse|te|er|erlos)\b",
    r"\b(?:dar|darme|den|denme|deme|dame|darnos|doy|dar me|me doy) de baja\b",
)

_LEAVE_ME = _any(
    # English
    r"(?<!\byou )(?<!\bwhy )(?<!\bthey )(?<!\bwe )(?<!\bi )\b(?:dont|never|stop|quit|cease) (?:you )?(?:ever |keep |again |please |be )*(?:text|texting|message|messaging|contact|contacting|sending|send|spam|spamming|bother|bothering|harass|harassing|annoying|blowing up|bugging|pestering|write|writing|email)\b(?! (?:my |the )?(?:mom|dad|mother|father))",
    r"\b(?:no more|no mas|enough|ningun(?: mas)?) (?:of (?:these|this|those) ?)?(?:text|texting|message|messaging|reminder)\b",
    r"^(?:please |ok |okay |hi |hello |hola |hey |sorry |yes |thanks |thank you |and |but |just )*no (?:text|texting|message|messaging|reminder)\b(?! (?:today|yet|yesterday|this|came|for|since|from|on|in))",
    r"\bno need (?:to|for) (?:the |these |more )?(?:text|texting|message|messaging|contact|reminder)\b",
    r"\bno more (?:of )?(?:these|this|those|it|please|contact)\b",
    r"^(?:please |ok |and |thanks |ya )*no (?:more|mas)(?: please| thanks| thank you| thx| por favor| ya| ok| ever| contact| now| gracias)*$",
    r"^(?:please |just |you |can you |to )*(?:leave|let) me (?:alone|be|in peace)\b",
    r"\bleave me (?:\w+ ){0,3}(?:alone|be)\b|\bleave me in peace\b",
    r"\b(?:remove|delete|erase|drop|unlist|scratch) (?:me|us|my (?:number|name|phone|info|contact)|this (?:number|phone))\b",
    r"\b(?:take|get|pull|keep) (?:me|us|my (?:number|name|phone)|this number) (?:off|out|from)\b(?! (?:of |the |my |this |that )*(?:schedule|calendar|work|bed|house|here|jail|medicine|medication|meds|naltrexone|it|monday|tuesday|wednesday|thursday|friday|waitlist|waiting))",
    r"\b(?:off|leave|out of|from|remove from) (?:(?:this|the|your|that|ur|la|esta|su|mailing|contact) )*list(?:a)?\b(?! of)",
    r"\bsalir(?:me)? de (?:la|esta|su) lista\b|^(?:quiero )?salirme$|^quiero salir$",
    r"^remove (?:from|me|us)\b",
    r"\b(?:knock it off|cut it out|give it a rest)\b",
    r"\b(?:lose|loose|forget|block) (?:my|this) (?:number|phone)\b",
    r"\b(?:dont|no longer|not|never|didnt) (?:want|wanted|wish|care|need|like|interested in|appreciate|agree|asked for|ask for) " + _THESE + _TEXTS + r"\b",
    r"\b(?:rather|prefer) not (?:get|to get|receive|to receive)\b",
    r"\b(?:dont|no longer) (?:want|wish|care) (?:to (?:get|receive|hear|be (?:contacted|texting|bothered)|see|have))\b(?! better)",
    r"\b(?:dont|no longer) (?:want|wish|need) (?:these|this|them|any of)\b(?! to stop)(?: anymore| please)*$",
    r"\b(?:never|didnt|dont remember|did i) (?:sign|signed|signing|ask|asked|agree|agreed) (?:up|for|to)\b",
    r"\b(?:not|no longer|isnt|never)(?: really)? interested(?: anymore| please| thanks| thank you| sorry| in (?:these|this|it|your)| in " + _THESE + _TEXTS + r")*$",
    r"\b(?:turn|shut|switch) off (?:(?:the|my|these|your|all|this) )*" + _TEXTS + r"\b",
    r"\b(?:turn|shut|switch) (?:(?:it|this|these|them|that|the|my|your|all|" + _TEXTS + r") ?)+off\b",
    r"\b(?:disable|kill|halt|suspend|silence|mute|block|end|cancel|quit|terminate|cancel\w+|anul\w+|desactiv\w+|apag\w+|suspend\w+|termin\w+|elimin\w+|bloque\w+|quit\w+|parar) (?:(?:the|my|these|your|all|this|los|las|mis|estos|la|mi|esos|esas|sus|de|con|el|recibir) )*" + _TEXTS + r"\b",
    r"^(?:please |can you |just |ok |hi |sorry |yes |hey )*(?:end|cancel|quit|revoke|terminate|halt) (?:it|this|that|all|me|everything|now|please|already|them|these)(?: please| now| all| already| thanks| texting)*$",
    r"\bquit (?:it|texting|sending|bothering|messaging|contacting|calling|spamming|harassing)\b",
    r"\b(?:fuck|f|piss|buzz|bug|screw|sod|bugger) (?:off|you|u)\b|^(?:gtfo|stfu|foad|fu|scram|beat it|begone|shoo)$|^(?:can you|could you) not$|^never again$",
    r"\b(?:go away|get lost|shut up|get out of my (?:phone|life))\b",
    r"\b(?:harass\w*|spam|spamming|spammer)\b(?! folder)",
    r"^(?:this is |its |all |more |just )*(?:junk|unwanted|unsolicited)(?: text| message| texting)*$|\b(?:unwanted|unsolicited|junk) (?:text|message|texting)\b",
    r"\b(?:i will|ill|im|i am|going to|i have|ive|i) (?:report|reporting|reported|block|blocking|blocked) (?:you|this|these|your|it|ur)\b|^reported\b|\breported (?:as|for)\b|^block(?:ing|ed) (?:you|this|number|ur)",
    r"\b(?:no|dont want|not want|without|unwanted|cease) (?:any |more |all |further )*contact\b(?! (?:lens|info|with))",
    r"\b(?:refrain|desist) from (?:text|contact|messag|send)\w*",
    r"\b(?:mind|rather|prefer|prefer you|appreciate you|like you|can you|could you|would you)(?: please| to)? not (?:to )?(?:text|texting|message|messaging|contact|contacting|send|sending|get|getting|receive)\b",
    r"\b(?:prefer|rather) (?:to (?:get|have) )?no " + _TEXTS + r"\b",
    r"\bno (?:calls?|emails?)(?: or| no| and| nor)* (?:text|texting|message)\b",
    r"\b(?:dont|never) (?:call|email|phone) (?:me )?(?:or|and|nor) (?:text|message)\b",
    r"^(?:please )?(?:removal|remove|erase|forget|delete|drop|unlist)(?: (?:me|please|number|this|it|contact|my contact|this contact|from this|name))*$",
    r"^(?:please )?(?:take|get) (?:number|name|phone) off\b|^(?:please )?off(?: the list| please|$)",
    r"^(?:no thanks |nah |ok )*(?:count me out|im out|i am out|not for me|no interest)$",
    r"\b(?:done|enough|sick|tired|fed up|hate|over) (?:already )?(?:(?:with|of|the|these|your|all|this|those|getting|receiving|stupid|damn|fucking|constant) )*" + _TEXTS + r"\b",
    r"\btoo many " + _TEXTS + r"\b",
    r"\b(?:withdraw|revoke|revoking|withdrawing|take back|retiro|revoco) (?:my |mi |all )?(?:consent|consentimiento|permission|permiso)\b",
    r"\b(?:dont|no longer|never|didnt|isnt|not) (?:give |gave |have |had )?(?:you |my |any |them )*(?:consent|permission)\b",
    r"\bno (?:doy|di|tienen|tiene) (?:mi |el )?(?:permiso|consentimiento)\b|\bno autorizo\b",
    # Spanish
    r"\b(?:no|nunca|jamas) (?:me |nos |le |lo )?(?:llam(?:e|en|es) (?:ni|o|y) (?:me )?)?(?:vuelva\w* a |sigan? |siga |quiero que me )?(?:escrib(?:a|an|as|ir|irme|iendo)|mand(?:e|en|es|ar|arme|ando)|envi(?:e|en|es|ar|arme|ando)|contact(?:e|en|es|ar|arme)|molest(?:e|en|es|ar)|fastidi(?:e|en|es|ar)|jod(?:a|an|as)|chingu(?:e|en|es)|texte(?:e|en|es|ar|arme)|tex(?:ting|t)en?)\b",
    r"(?<!no )(?<!no me )\b(?:deje|dejen|deja|dejes|dejenme|dejeme|dejame) de (?:escrib|mand|envi|molest|fastidi|contact|text|llam|spam|ching|jod)\w*",
    r"(?<!no )(?<!no me )\b(?:dejen|deje|deja|dejenos)(?:me|nos)? (?:en paz|tranquil\w+|sol[oa]|ya)\b",
    r"(?<!no )\b(?:pueden|puede|podrian|podria|favor de|deben|quisiera que|quiero que) (?:parar|dejar|dejen|deje|paren|pare)(?: ya| de (?:mand|escrib|envi|molest|fastidi|text|contact)\w*| los (?:message|text|reminder)| por favor|$)",
    r"\bdejar de (?:mandar|escribir|enviar|molestar|textear|contactar)\w*\b",
    r"^(?:por favor |ya )*(?:alto|basta)\b(?! (?:y|en|el|la|como|que|riesgo|costo|nivel|colesterol|con (?:que|eso)))",
    r"\balto (?:a|con|de) (?:los|las|estos|sus|tantos) (?:message|text|reminder)\b",
    r"\bno (?:\w+ )?recibir (?:mas |los |sus |estos )?(?:message|text|reminder)\b",
    r"^(?:por favor )?(?:cancel|termin|par|elimin|quit|borr)\w* tod[oa]s?\b",
    r"(?<!no )\b(?:dejenme|dejeme|dejame) (?:en paz|tranquil\w+|sol[oa]|ya)\b",
    r"\b(?:quiten|quite|quita|borren|borre|borra|saquen|saque|saca|eliminen|elimine|elimina|remuevan|remueva|den|retiren|retire)(?:me|nme|nos)\b(?! (?:el|la|los|las) (?:dolor|yeso|venda|puntos|duda))",
    r"\b(?:quiten|quite|quita|borren|borre|borra|saquen|saque|eliminen|elimine|elimina|retiren|retire) (?:mi|este|ese) (?:number|telefono|celular|nombre)\b",
    r"\b(?:no|ya no|nunca) (?:quiero|deseo|quisiera|necesito|pedi|autorizo|acepto)(?: seguir)?(?: recibir| recibiendo| que me (?:manden|escriban|envien)| tener)?(?: mas| sus| estos| los| tantos| esos| ningun| de)* (?:message|text|sms|reminder|correos)\b",
    r"\bno (?:quiero|deseo) (?:seguir )?recib\w+\b",
    r"\b(?:no|ya no) (?:mas|quiero) (?:message|text|reminder)\b",
    r"\bya (?:no mas|basta|estuvo|paren|parenle|parele)\b",
    r"\bbasta(?: ya)?(?: (?:de|con) (?:\w+ )?(?:message|text|reminder))?$",
    r"\b(?:no me interesa|no estoy interesad[oa])\b",
    r"\b(?:hart[oa]s?|cansad[oa]s?|aburrid[oa]s?) (?:de|con) (?:(?:los|sus|tantos|estos|esos|recibir|tus) )*(?:message|text|reminder)\b",
    r"^ya (?:dejenme|dejeme|dejame|dejen|callense)\b|^larguense\b",
    r"\bvayanse\b|\bchinguen\b|\bvete a la\b",
)  # fmt: skip

_WRONG_PERSON = _any(
    # Not what somebody wrote by mistake, nor a number of things.
    r"(?<!wrote the )(?<!wrote a )(?<!typed the )(?<!typed a )(?<!put the )(?<!put a )(?<!sent the )(?<!sent a )(?<!gave the )(?<!gave you the )\bwrong (?:number|person|phone|guy|girl|lady|man|woman|one|contact|cell)\b(?! of )",
    r"\b(?:isnt|not|aint|no longer|wasnt) (?:my|his|her|their|the right|\w+s) (?:number|phone|cell)\b",
    r"\b(?:this|that) (?:isnt|is not) (?:her|him|them|who you think)\b",
    r"\b(?:he|she|they|him|her)(?: \w+)? (?:dont have|no longer has|no longer have|dont use|no longer uses|changed|lost) (?:this|that|his|her|their) (?:number|phone|cell)\b|\b(?:he|she|they) (?:dont have|no longer has|no longer have|dont use|no longer uses) (?:this|that) (?:number|phone|cell)\b",
    r"\b(?:new|different) (?:owner|person|user)\b(?! in (?:my|our))",
    r"\b(?:just|recently|only) got this (?:number|phone)\b|\bgot this (?:number|phone) (?:last|a|yesterday|this|today|recently|two|\d)",
    r"^(?:this is |i am |im |sorry |hi |hello |i |this )*(?:isnt|not) (?:him|her|them|that person|the person|the one|person|who you)\b",
    r"^(?:sorry |i )*dont know (?:you|who you are|who this is|this number|who that is)\b",
    r"^(?:esta )?equivocad[oa]$|^(?:no es|aqui no es|no es aqui)$|\bmarco mal\b|\bno soy (?:esa|ese|la|el) (?:persona|que)\b",
    r"\b(?:number|telefono|celular|cel) (?:incorrecto|errado|malo)\b|\bmal (?:el|este|su) (?:number|telefono|celular)\b",
    r"\bya no (?:tiene|usa) (?:este|ese) (?:number|telefono|celular|cel)\b|\b(?:cel|celular|number|telefono) ya no es\b",
    r"\byou have the wrong\b(?! (?:day|date|time|form|address|form))",
    r"(?<!puse un )(?<!puse el )(?<!escribi un )(?<!escribi el )(?<!mande un )(?<!mande el )(?<!di un )(?<!di el )\b(?:number|persona|telefono|celular|cel) (?:\w+ )?equivocad[oa]\b",
    r"\bequivoc\w+ de (?:number|persona|telefono|celular)\b",
    r"\b(?:no es|ya no es|no soy) (?:su|mi|el|la|ese|esa) (?:number|telefono|celular|persona)\b",
    r"\bno conozco a (?:esa|ese)\b",
    r"\b(?:number|telefono|celular|cel) (?:ahora |ya )?(?:es mio|lo tengo yo|es de otra persona)\b|\b(?:soy|somos) otra persona\b|\bconfund\w+ (?:con|de) (?:otr[oa]|alguien)\b",
    r"\b(?:no one|nobody|noone) (?:here )?(?:by|with|named|called) ",
    r"\b(?:theres|there is|there isnt) (?:no|a|any) \w+ (?:here|at this number)\b",
    r"\b(?:number|phone|cell) (?:now )?(?:belongs to|is) (?:someone|somebody|another|a different)",
    r"\b(?:number|telefono|celular) (?:ya )?no es (?:de|mio|suyo)\b|\bno (?:vive|hay) ningun\w*\b",
)

# Alone, or with nothing but courtesy, each of these opts out; inside a sentence it is an ordinary word.
_ALONE = frozenset(
    {
        "stop", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "cease", "halt",
        "remove", "delete", "no more", "i quit", "alto", "para", "parar", "pare", "paren", "baja",
        "dar de baja", "cancelar", "cancelen", "cancele", "cancela", "fin", "salir", "basta", "no mas",
        "ya no", "ya no mas", "detener", "anular", "terminar", "desuscribir", "eliminar", "borrar", "termina",
        "mute", "blocked", "ya basta", "alto ya", "para ya", "bajas", "desactivar", "end it", "enough", "block", "remover",
    }
)  # fmt: skip
_COURTESY = re.compile(
    r"\b(?:please|por favor|thanks|thank you|thx|ty|gracias|now|ahora|already|ok|okay|hi|hello|hola|"
    r"just|sir|maam|hey|sorry|disculpe|oye|right|immediately|inmediatamente|today|me|it|this|yes|ya)\b"
)
_SAID_BESIDE = frozenset({"no", "yes", "si", "1", "2", "3", "4", "5", "nope", "nah"})
_STOP_SIGNS = re.compile("[\U0001f6d1\u26d4\U0001f6ab\U0001f645\U0001f590\u270b]")


# "ALTO quiero dormir", "CANCEL i have a new phone": the keyword in capitals, then a sentence that is not.
_SHOUTED_FIRST = re.compile(
    r"[\W_]*(?:CANCEL|END|QUIT|REVOKE|OPT ?OUT|ALTO|PARA|PARE|PAREN|PARAR|BAJA|BASTA|CANCELAR|FIN|SALIR)\b(?=.*[a-záéíóúñ])",
    re.DOTALL,
)


def _is_plain(clauses: list[str]) -> bool:
    """Tell whether a text is a keyword and nothing but courtesy, said once or more."""
    whole = " ".join(clauses)
    if whole in _ALONE:
        return True
    said = _COURTESY.sub(" ", whole).split()
    return " ".join(said) in _ALONE or (bool(said) and set(said) <= {said[0]} and said[0] in _ALONE)


def _opts_out(clauses: list[str], text: str) -> bool:
    said = [clause for clause in clauses if clause not in _SAID_BESIDE and _COURTESY.sub("", clause).strip()]
    # A stop sign alone or beside courtesy; beside other words it may be a mood.
    if _STOP_SIGNS.search(text) and not said:
        return True
    if _is_plain(clauses):
        return True
    if _is_plain(said) or (len(clauses) > 1 and _is_plain(clauses[:1])):
        return True
    if _SHOUTED_FIRST.match(text):
        return True
    for clause in clauses:
        if _LEAVE_ME.search(_KEEP_GOING.sub(" ", clause)):
            return True
        rest = _NOT_ABOUT_TEXTS.sub(" # ", clause)
        if _STOP_WORDS.search(rest):
            return True
        # A keyword that is a clause of its own ("not for me. cancel") is one; these are ordinary words as well.
        if clause in _ALONE - {"para", "end", "fin", "enough", "remove", "delete", "block"} and len(clauses) <= 3:
            return True
    return False


# "I don't want to stop getting these texts": the wish is to go on.
_KEEP_GOING = _any(
    r"\b(?:(?<!if you )dont|(?<!you )never|not) (?:want |wish |like |you |dare |to |ever |please )*(?:stop|quit|cease) (?:\w+ ?)*",
    r"\bno (?:\w+ ){0,3}(?:paren|pare|pares|dejen|deje|dejes|dejar) (?:de )?(?:\w+ ?)*",
    r"\b(?:keep|continue|keeps|sigan|siga|sigue|continuen) (?:texting|sending|messaging|coming|mandando|escribiendo|enviando)(?: \w+)*",
)

# --- crisis ------------------------------------------------------------------------------------------

_CRISIS = _any(
    # Wish or plan to die
    r"\b(?:want|wanted|going|ready|need|rather|like|wish|hope|about|try|tried|trying|plan|planning|deserve|prefer|feel like|let me|im)(?: just| really| so bad| so badly)?(?: to| i)?(?: just| really)? (?:die|be dead|be gone forever)\b(?! (?:laughing|of (?:laughter|boredom|embarrassment|hunger)))",
    r"\bkill(?:ing|ed)? myself\b",
    r"\b(?:going to|want to|will|gotta|have to|ill) (?:kill|shoot|stab|murder) (?:him|her|them|you|someone|somebody|everyone|people|my \w+)\b",
    r"\b(?:end|ending|ended) (?:it all|my (?:own )?life|everything tonight|it tonight|my pain for good)\b",
    r"\b(?:going to|want to|just|ready to|might|will|ill|should|could|better) end (?:it|things)\b(?! (?:early|soon|at|by|with (?:him|her|my)))",
    r"\b(?:ending things|want it all to (?:end|be over)|want it to be over|disappear forever|never be found)\b",
    r"\b(?:i|id|ill|might|could|should|better|must)(?: just| as well| rather)* die\b(?! (?:laughing|of|for|if))",
    r"\b(?:tired|sick|done) (?:of|with) (?:living|life|being alive|this life|existing)\b",
    r"\b(?:take|taking) my (?:own )?life\b",
    r"\bsuicid\w*\b(?! (?:squad|prevention|hotline class|awareness))",
    r"\b(?:dont|no longer|isnt|never|not)(?: really| even| just)? (?:want|wish|care|wanting|deserve|see a reason|planning)(?: to| about)? (?:live|living|alive|be alive|be here|exist|existing|wake up|go on|keep living|keep going|be around|stay alive)\b",
    r"\b(?:no|nothing|not|isnt|never)(?: a| any| much)? ?(?:reason|point|left|sense)?(?: for me)?(?: to| in| left to)? (?:live for|live|living|go on living|go on|be alive|keep living|keep going)\b(?! (?:there|here|together|at|in|with|on))",
    r"\b(?:life|living) (?:is |isnt |aint )?(?:not )?(?:worth|pointless|meaningless)\b",
    r"\bbetter (?:off )?(?:dead|without me|if i (?:was|were|am) (?:dead|gone))\b|\bbe dead\b",
    r"\bwish (?:that )?i (?:was|were|am|wasnt|could be|had) (?:just )?(?:dead|never born|not alive|not here|died|gone|alive)\b",
    r"\b(?:wish|hope|pray|hoping)(?: that)? i (?:would|wouldnt|could|dont|wont|never|do)? ?(?:not |never )?(?:wake up|wake)\b",
    r"\bnever (?:want to )?wake up\b",
    r"\b(?:cant|dont want to|unable to) go on\b",
    r"\b(?:isnt|not|dont feel|never)(?: feeling| feel)? safe (?:with|from|around|by|for) (?:myself|my own)\b",
    r"\b(?:goodbye|good bye|bye) (?:forever|everyone|cruel|world|for ever|for good)\b",
    r"\b(?:going to|want to|about to|will|ill|gotta) (?:jump|hang|drown|shoot|od|overdose|slit)\b(?! (?:in the|on (?:a|the) (?:call|bus|train)|rope|around|out with))",
    r"\b(?:gun|pistol|knife|noose|rope) (?:to|in|on|at|around) my (?:head|mouth|temple|chest|throat|neck|wrist|hand)\b",
    r"\bgun\b.*\b(?:use it|myself|tonight|ready)\b",
    # Harm to oneself
    r"\b(?:hurt|hurting|harm|harming|cut|cutting|shoot|shooting|hang|hanging|stab|stabbing|poison|drown|drowning|burn|burning|starve) (?:on )?myself\b(?! (?:shaving|cooking|chopping|on the (?:stove|oven)|at work))",
    r"\b(?:im|i am|started|been|keep|was) cutting(?: again| myself| tonight)*$",
    r"\bself ?(?:harm|injury|injuring|harming|mutilat\w*)\b",
    r"\b(?:slit|cut|slitting|cutting) my (?:wrist|wrists|arms|throat|veins)\b",
    # Overdose and its signs
    r"\boverdos\w*\b(?! (?:class|classes|training|prevention|group|kit|awareness|day|course|talk|meeting))",
    r"\bo d ?(?:d|ed|ing)\b|\b(?:i|he|she|they|we|might|will|almost|did|friend|brother|sister|son|daughter|mom|dad) (?:od|oded|oding|odd|ods)\b",
    r"\b(?:took|taken|take|swallowed|ate|popped|taking|swallow)(?: \w+){0,3} (?:too many|too much (?:of|medicine|meds|pills)|whole bottle|entire bottle|all (?:of )?(?:my|the|his|her|their) (?:pills|meds|tablets|medicine|medication))\b",
    r"\b(?:took|swallowed|ate|taken) (?:\d\d+|ten|fifteen|twenty|thirty|forty|fifty|a (?:bunch|handful|lot|ton) of|lots of|all of|all) (?:my |the |his |her )?(?:pills|tablets|meds|tylenol|advil)\b",
    r"\b(?:took|taken|swallowed) (?:way )?too (?:many|much)$",
    r"\b(?:going to|want to|will|might|ill) (?:take|swallow) (?:them|it|the pills|my pills) all\b|\b(?:take|swallow) all (?:of )?(?:my|the|these) (?:pills|meds|tablets)\b",
    r"\b(?:drank|drinking|drink|swallowed) (?:bleach|poison|antifreeze|drano)\b",
    r"^(?:please |i |we |hurry |help )*need (?:narcan|naloxone)(?: now| help| please| here| asap)*$|\b(?:gave|giving|used|using) (?:him|her|them|the)? ?(?:narcan|naloxone)\b",
    r"\b(?:took|swallowed|ate|taken) (?:all (?:of )?)?(?:my|the|his|her)? ?(?:whole|entire) (?:bottle|pack|box)\b",
    r"\b(?:isnt|not|stopped|quit|hardly|barely|cant|no longer|dont|wont|trouble|hard to|struggling to|difficulty) (?:really )?(?:breathing|breathe|breath|breathin)\b",
    r"\b(?:wont|cant|isnt|not|dont|didnt|unable to|couldnt|never) (?:(?:get|really|be|able to) )?(?:wake|waking|wakes)\b(?!(?: up)? (?:in time|early|on time|you|until|my alarm|at|before|that|so|without))",
    r"\b(?:unresponsive|unconscious|not responding)\b",
    r"\b(?:turning|turned|going|lips|face|hes|shes|is|looks) (?:are |is |all )?(?:blue|purple|grey)\b(?! (?:house|building|door|car|line|shirt|today))",
    # Body emergencies
    r"\b(?:seizure|seizures|seizing|convulsing|convulsions)\b",
    r"\b(?:throat|face|tongue|lips|mouth|neck)(?: is| are| s| keeps| feels)?(?: really| very| all)? (?:swelling|swollen|swole|closing|closed up|swells)\b",
    r"\b(?:swelling|swollen) (?:of |in )?(?:my )?(?:throat|face|tongue|lips)\b",
    r"\bchest (?:pain|pains|hurts|is tight|tightness|is hurting|feels tight|pressure)\b|\bpain in (?:my|the) chest\b",
    r"\b(?:cant|unable to) (?:catch|get) (?:my|a|any) (?:breath|air)\b",
    # Spanish
    r"\b(?:quiero|quisiera|voy a|deseo|ganas de|prefiero|queria|pienso|pienso en|pensando en|intente|trate de|planeo|podria|necesito|merezco) (?:me |solo |ya )?(?:morir|morirme|matar|matarme|suicidar|suicidarme)\b(?! de (?:risa|hambre|calor|frio))",
    r"\bme (?:quiero|voy a|quisiera|quería|queria|dan ganas de|gustaria) (?:morir|matar|suicidar|quitar la vida|colgar|tirar|ahorcar|lastimar|cortar|hacer dano)\b(?! de (?:risa|hambre|calor)|(?: el| las?) (?:pelo|cabello|unas))",
    r"\b(?:matarme|suicidarme|ahorcarme|colgarme|lastimarme|cortarme las venas|hacerme dano)\b",
    r"\b(?:quitarme|quitar|quito) la vida\b|\bme quite la vida\b",
    r"\b(?:acabar|terminar|acabo|termino) con (?:mi vida|todo(?! (?:el|la|lo|esto|ese))|mi existencia|esto de una vez)\b",
    r"\b(?:no|ya no|no mas) (?:quiero|deseo|puedo|tengo ganas de|aguanto)(?: seguir| mas)? (?:vivir|viviendo|vivo|viva|estar aqui|existir|estar vivo|estar viva|la vida|con vida)\b",
    r"\bno (?:vale|tiene) (?:la pena|sentido) (?:vivir|seguir|la vida|mi vida)\b|\bmi vida no (?:vale|tiene sentido)\b",
    r"\b(?:mejor|quisiera estar|quiero estar|prefiero estar|ojala estuviera|ojala|deseo estar|estaria mejor) muert[oa]\b|\bojala me muera\b|\bcansad[oa] de (?:vivir|la vida)\b|\bsentido a (?:la|mi) vida\b",
    r"\b(?:mejor|bien) sin mi\b",
    r"\b\bno quiero despertar\b|\b(?:ojala|quisiera|espero|quiero)(?: ya)? no (?:despertar|despierte|despertara|haber nacido|amanecer)\b",
    r"\b(?:hacer|hago|hice|haciendo)(?:me)? dano\b|\bme (?:hago|hice) dano\b",
    r"\bcort(?:e|o|ar|arme|ando|aba)(?:me)? las venas\b|\bme (?:estoy )?cort(?:ando|o los brazos|e los brazos)\b",
    r"\b(?:tome|trague|tomo|tomaron|tomado|tomarme)(?: me)? (?:demasiad\w+|(?:muchas|\d\d+|un monton de|veinte|treinta|diez) pastillas|un frasco|todas? (?:las|mis|sus) (?:pastillas|medicinas|pildoras)|todo el frasco|el frasco entero)\b",
    r"\bsobredosis\b(?! (?:clase|taller))",
    r"\bno (?:esta |puede |puedo |estoy )?respir\w+\b|\b(?:me|le) (?:falta el aire|cuesta respirar)\b|\bme ahogo\b",
    r"\bno (?:se )?(?:despierta|despierto|reacciona|responde el|responde ella)\b|\binconsciente\b",
    r"\b(?:esta|labios|se puso) (?:\w+ )?(?:morad[oa]s?|azul(?:es)?)\b",
    r"\b(?:pistola|arma)\b.*\b(?:usar|voy|cabeza|esta noche)\b",
    r"\b(?:tirar|tirarme|aventar|aventarme|lanzarme|saltar)(?:me)? (?:del|de un|desde|al) (?:puente|edificio|techo|balcon|tren|metro)\b",
    r"\bconvulsi\w+\b",
    r"\b(?:hincha|hinchada?|hinchando|inflama|cierra|cerrando)\w* (?:\w+ )?(?:la |mi )?(?:garganta|cara|lengua|boca)\b|\b(?:garganta|cara|lengua) (?:\w+ )?(?:hinchad\w|se cierra|cerrada|hinchando)\b",
    r"\b(?:duele|dolor)(?: muy)?(?: mucho| fuerte)?(?: en| de)?(?: el)? pecho\b",
    r"\bvoy a matar(?:lo|la|los|te)\b",
)  # fmt: skip

# A plain denial is no crisis; it still goes to a person, as everything does that is not understood.
_DENIED = re.compile(
    r"\b(?:no|not|never|isnt|nor|im not|no longer|dont feel|didnt feel|dont have|without|no soy|no estoy|no tengo)"
    r" (?:feeling |any |having |more |been |at all |ningun |pensamientos )*suicid\w*(?: thoughts?| ideas| ideation)?"
)

# --- the rest --------------------------------------------------------------------------------------

_OPT_IN = _any(
    r"^(?:please )?(?:start|unstop|restart|resume|subscribe|opt in|optin|resubscribe|inicio|iniciar|comenzar|empezar|reanudar|comienza|activar|reiniciar|alta)(?: please| again| now| por favor| ya| back| thanks| messages?| text| texting)*$",
    r"\b(?:opt|sign|add|put|turn|switch) (?:me |us |them |these |it |the |my |text |message |reminder )*(?:back )?(?:in|up|on)(?: again| please| to (?:the )?(?:text|message|reminder))*$",
    r"\b(?:start|resume|begin|restart) (?:the |my |your |these |sending |getting )*(?:text|texting|message|messaging|reminder)\b",
    r"\b(?:text|message) me again\b",
    r"\bwant (?:the|my|your|these|to get|to receive)(?: the| your| my)? (?:text|message|reminder)(?: again| back)+\b",
    r"\b(?:quiero|deseo) (?:volver a )?recibir (?:los |sus |mis )?(?:message|text|reminder)(?: otra vez| de nuevo)?$",
    r"\b(?:pueden|puede|vuelvan a) (?:escribirme|mandarme|enviarme|escribir)(?: message| text)?(?: otra vez| de nuevo)?\b",
    r"\b(?:activen|active|reanuden|reanude) (?:los |mis )?(?:message|text|reminder)\b",
)
_OPT_IN_NEEDS_BACK = re.compile(r"\b(?:back|again|text|message|reminder|opt|otra vez|nuevo)\b")

_HELP = re.compile(
    r"^(?:please |more |mas |la |por favor )*(?:help|info|information|ayuda|informacion|hlp|halp)"
    r"(?: please| por favor| text| thanks)*$"
)

_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "zero cero none nada",
            "one uno una",
            "two dos",
            "three tres",
            "four cuatro",
            "five cinco",
            "six seis",
            "seven siete",
            "eight ocho",
            "nine nueve",
            "ten diez",
        )
    )
    for word in words.split()
    if word not in ("none", "nada", "una")
}
_NUMBER = re.compile(
    r"^(?:#|(?:number|option|opcion|reply|answer|respuesta|el|un|a|an|its|it is|its a|its an|im|im a|im at|"
    r"es|es un|como|about|around|maybe a|i say|id say|like|like a|digo|la|today|hoy|my number is|ok|okay|"
    r"si|yes|hi|hola|numero) )*"
    r"(10|[0-9]|" + "|".join(_NUMBER_WORDS) + r")"
    r"(?: (?:10|out of 10|of 10|out of ten|de 10|de diez|please|por favor|thanks|thank you|gracias|today|"
    r"hoy|done|now|ok|ready|listo|hecho))*$"
)


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split("|"))


_SHORT: dict[Intent, frozenset[str]] = {
    Intent.YES: _phrases(
        "yes | yep | yeah | ya | yup | y | sure | ok | okay | k | yess | yesss | yea | ye | yas | ys | si | "
        "sii | claro | dale | bueno | affirmative | correct | absolutely | definitely | kk | okey | oki | sip | simon | vale | of "
        "course | por supuesto | de acuerdo | claro que si | esta bien | yes i will | i will | will "
        "do | yes sir | yes maam | sounds good | that works | si claro | yes ok | ok yes"
    ),
    Intent.NO: _phrases(
        "no | nope | nah | n | nop | naw | negative | nel | noo | nooo | no way | not really | para nada | no i cant"
    ),
    Intent.DONE: _phrases(
        "done | taken | finished | finish | dun | dne | doned | hecho | lista | listo | complete | "
        "completed | all done | did it | i did it | just did it | i did | took it | i took it | just "
        "took it | took it already | already did | already done | already took it | yes done | yes i "
        "did | yes i took it | took mine | took it this morning | i already did | i already took it | "
        "got it done | took it today | i took mine | took it earlier | its done | all set | ya lo "
        "hice | lo hice | ya esta | ya la tome | ya me la tome | si ya | ya listo | ya lo tome | la "
        "tome | me la tome | ya hecho | ya me lo tome | ya quedo | si lo hice | si hecho | si listo | "
        "ya termine | lo tome | ya la hice | si ya lo hice | si la tome"
    ),
    Intent.NOT_TODAY: _phrases(
        "not today | no not today | hoy no | no hoy | no por hoy | skip | skip today | skipping today "
        "| skipped | skipping | not today thanks | cant today | i cant today | no can do today | hoy "
        "no puedo | por hoy no | not going to today | i didnt | didnt take it | no lo hice | hoy no "
        "lo hice"
    ),
    Intent.LATER: _phrases(
        "later | in 2 hours | remind me later | ask me later | in a bit | not yet | later please | 2 "
        "hours | in two hours | in a while | mas tarde | luego | despues | en 2 horas | en dos horas "
        "| todavia no | aun no | al rato | en un rato | maybe later | later today | remind me again | "
        "in an hour | ask again later | a little later | recuerdame luego | recuerdeme luego | mas "
        "tardecito | ahorita no | soon"
    ),
}

_INTENT_OF = {words: intent for intent, several in _SHORT.items() for words in several}

_EMOJI: dict[Intent, str] = {
    Intent.YES: "\U0001f44d\u2705\u2714\u2611\U0001f44c",
    Intent.NO: "\U0001f44e\u274c\u2716\u26d4",
}
_EMOJI_TRIM = re.compile("[\\s\U0001f3fb-\U0001f3ff\ufe0f\u200d!.]+")
_NEGATIVE = re.compile(r"(?<!\w)[-\u2212]\d")
_POLITE = re.compile(r"\b(?:please|por favor|thanks|thank you|thx|ty|gracias)\b")


def _short_intent(clauses: list[str], text: str) -> tuple[Intent | None, int | None]:
    """Return the intent of a short answer and its number, if the whole text is nothing else."""
    if not clauses:
        signs = set(_EMOJI_TRIM.sub("", text))
        for intent, letters in _EMOJI.items():
            if signs and signs <= set(letters):
                return intent, None
        return None, None
    if _NEGATIVE.search(text):
        return None, None
    whole = " ".join(clauses)
    polite = " ".join(_POLITE.sub(" ", whole).split())
    for words in (whole, polite):
        found = _NUMBER.match(words)
        if found:
            digits = found[1]
            return Intent.NUMBER, int(digits) if digits.isdigit() else _NUMBER_WORDS[digits]
        if words in _INTENT_OF:
            return _INTENT_OF[words], None
    return None, None


def classify(text: str) -> Words:
    """Return what the words of one inbound text say.

    Any text is safe to ask about: empty, 100 kB, NUL, right-to-left marks, stacked accents, look-alike
    letters. Opt-out and crisis are found side by side. An opt-out never counts as an answer as well.
    """
    clauses = _clauses(text)
    whole = " ".join(clauses)
    crisis = _CRISIS.search(_DENIED.sub(" ", whole)) is not None
    wrong_person = _WRONG_PERSON.search(whole) is not None
    opt_out = wrong_person or _opts_out(clauses, text)
    if opt_out or crisis:
        return Words(opt_out=opt_out, wrong_person=wrong_person, crisis=crisis)
    intent, number = _short_intent(clauses, text)
    opt_in = intent is None and any(_OPT_IN.search(clause) for clause in clauses)
    if opt_in and len(whole.split()) > 3:
        opt_in = _OPT_IN_NEEDS_BACK.search(whole) is not None
    wants_help = intent is None and not opt_in and _HELP.match(whole) is not None
    return Words(opt_in=opt_in, help=wants_help, intent=intent, number=number)


def read_reply(
    text: str, *, question: Template | None, opted_out: bool = False, shared_number: bool = False
) -> Reading:
    """Return what a text means, given the one open question of its number and whether it is opted out.

    ``question`` is the template of the open question, None when nothing is asked. "1" means what was asked
    (contract 4). On a number shared by two patients no answer is taken: a person looks. YES opts in only
    while opted out, or when it answers the enrolment question. A crisis text always goes to a person, and so
    does an opt-out that was not a plain keyword: somebody may have meant something else as well.
    """
    words = classify(text)
    opt_in = opted_out and not words.opt_out and (words.opt_in or words.intent is Intent.YES)
    answer: Answer | None = None
    number: int | None = None
    if not (words.opt_out or words.crisis or opt_in or shared_number or question is None):
        answer, number = _answer(words, question)
    understood = answer is not None or opt_in or words.help or (words.opt_out and _is_plain(_clauses(text)))
    return Reading(
        crisis=words.crisis,
        opt_out=words.opt_out,
        wrong_person=words.wrong_person,
        opt_in=opt_in or answer is Answer.OPT_IN,
        help=words.help,
        answer=answer,
        number=number,
        needs_person=words.crisis or words.wrong_person or not understood,
    )


_MEANS: dict[Intent, Answer] = {
    Intent.DONE: Answer.DONE,
    Intent.NOT_TODAY: Answer.NOT_TODAY,
    Intent.LATER: Answer.LATER,
}


def _answer(words: Words, question: Template) -> tuple[Answer | None, int | None]:
    if words.intent is None:
        return None, None
    if words.intent is Intent.NUMBER:
        if Answer.NUMBER in question.answers.values():
            return Answer.NUMBER, words.number
        return question.answers.get(str(words.number)), None
    if words.intent is Intent.YES:
        return question.yes, None
    if words.intent is Intent.NO:
        return question.no, None
    meant = _MEANS[words.intent]
    # "later" is an answer only where the text offered it; elsewhere a person reads it.
    return (meant, None) if meant in question.answers.values() else (None, None)
