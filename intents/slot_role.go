package intents

import "sort"

// role is which of the two accounts of a wrong top-up one is.
type role uint8

const (
	noRole   role = iota
	intended      // should have been topped up
	charged       // was topped up by mistake
)

func (r role) other() role {
	switch r {
	case intended:
		return charged
	case charged:
		return intended
	}
	return noRole
}

// cueKind is what a word says of the accounts around it.
type cueKind uint8

const (
	roleAhead   cueKind = iota + 1 // of the next account
	roleBehind                     // of the account before
	roleEither                     // of the account that stands nearer
	negation                       // turns round the word beside it
	mistake                        // the text is about a wrong account
	missing                        // the text is about a top-up that did not arrive
	firstOne                       // means the first of two accounts
	secondOne                      // means the second
	myself                         // the account called mine was topped up
	turning                        // begins another thought
	unspecified                    // nothing, though a part of it looks like a cue
)

// cue is what a word says, and how strongly: 3 says it by itself, 2 where the text
// is about a wrong account, 1 only against a second account.
type cue struct {
	kind   cueKind
	role   role
	weight int
	wrong  bool // the text is about a wrong account, too
}

var roleCues = newLexicon(
	// Should have been topped up.
	entry[cue]{"应该|应当|应该是|应该充|应该给|应为|应充|应付|应该为|该充|该给|本该|本应|本来|本来是|本来要|原本|原来要|原来是要|正确|正号|正确号|正确的|正确的是|正确的应该是|其实是|其实该|其实应该|明明|明明是|才是|需改为|改成|改为|改到|更正|实际应|应入|应该入|备注写|备注的是|备注是|真正的|对的是|我说的是|我给的是|我给的|我报的|我发的是|我写的是|目标是|目标账号|目标号码|理应|原定", cue{kind: roleAhead, role: intended, weight: 3}},
	entry[cue]{"想充|要充|要充的|要给|想给|要的|要的是|我要的|想要|需要充|打算充|打算给|准备给|准备充|预备|本想|想入|要入|要储|想储|要增值|想增值|是想|原想|要冲|想冲|要打给|要转|想转|想买给|要换成|换成", cue{kind: roleAhead, role: intended, weight: 2}},
	entry[cue]{"shd|shd be|shud be|shoulda been|should|shouldve|should have|should be|shouldve been|supposed|supposed to|meant|meant to|meant for|intended|intended for|correct|correct is|the correct one is|the right|right one|right one is|right number|right account|right uid|right id|right email|right mail|real|real is|real number|real one|actual|actually|instead of|rather than|ought to|was for|is for|need to be|needs to be|must be|dapat|sana|proper", cue{kind: roleAhead, role: intended, weight: 3}},
	entry[cue]{"wanted|want|wanting|wanted it|wanna|needed|need it|asked|asked for|asked you|requested|told you|i gave|i said|trying to|tried to|intending|my intended|planned", cue{kind: roleAhead, role: intended, weight: 2}},
	entry[cue]{"надо было|нужно было|должен|должны|должно|должна|должны были|должен был|должно было|следовало|правильный|правильная|правильно|правильное|правильную|верный|верная|верно|вместо|на самом деле|имел в виду|имела в виду|имелся в виду|нужный|нужен был|настоящий|положено", cue{kind: roleAhead, role: intended, weight: 3}},
	entry[cue]{"хотел|хотела|хотели|хочу|собирал*|планировал*|просил|просила|просили|надо|нужно|нужен|нужна|заказывал на|указывал", cue{kind: roleAhead, role: intended, weight: 2}},
	entry[cue]{"我的号|我号|我的是|我是|我叫|我系|我的账号|我的手机|我的手机号|我的uid|我的qq|我的id|我的邮箱|我本人|我自己|我自己的|->|→|=>|我账号|我uid|我qq|我id|我现在的号|我个号|我个|我个uid|我个电话|我个账号|我嘅|我部电话|mine|mines|mine is|my|im|i am|а я|мой|моя|мое|мои|у меня", cue{kind: roleAhead, role: intended, weight: 1}},
	entry[cue]{"给|帮|替|帮我|帮忙|畀|俾|for|para sa|маме|папе|для", cue{kind: roleAhead, role: intended, weight: 1}},
	entry[cue]{"验证码发到|验证码发到了|验证码发给|验证码发给了|验证码发去|验证码送到|短信发到|短信发到了|短信发给|短信发去|verification code sent to|verification code was sent to|verification code went to|otp sent to|otp was sent to|otp went to|sms sent to|sms was sent to|sms went to|смс отправили на|смс пришла на|смс пришло на|смс ушла на|смс ушло на|код подтверждения отправили на|код подтверждения пришел на|код подтверждения ушел на", cue{kind: unspecified}},
	entry[cue]{"是不是|给我|给我的|退给|还给|给你|给你们|给客服|发给|退到|退回|退回到|转回|转回到|for the|for my refund|back to|refund to|transfer it to|transfer to|move it to|верните|вернуть|перенес*|перекин*|перевести на|переведите на", cue{kind: unspecified}},

	entry[cue]{"改充到|改充|重新充到|重充到|再充到|来充到|转充到|补到|补充到|换到|能转到|可以转到|帮我转到|帮转到|重新充|退回来充到|的退回来充到|退回充到|让你充|让你充的是|让你们充|让你们充的是|叫你充|叫你们充|叫你充的是", cue{kind: roleAhead, role: intended, weight: 2}},

	// Was topped up by mistake.
	entry[cue]{"move it from|move from|transfer it from|transfer from|switch it from|take it from|перенесите с|перенести с|переведите с|перевести с|перекиньте с|перекинуть с|верните с|вернуть с|снимите с|заберите с", cue{kind: roleAhead, role: charged, weight: 3}},
	entry[cue]{"从|把|谁是|who is|whos", cue{kind: roleAhead, role: charged, weight: 1}},
	entry[cue]{"的退回来|的退回|退回来|的退掉|的撤回|的追回", cue{kind: roleBehind, role: charged, weight: 2}},
	entry[cue]{"充到|充到了|充成|充成了|充去|充去了|充进|充进了|充在|充在了|充给|充给了|充上|充入|充往|冲到|冲到了|冲成|冲成了|冲给|冲进|打到|打成|打成了|填成|填成了|填到|写成|写成了|写到|输成|输成了|输到|选成|选成了|选到|点成|点成了|看成|看成了|认成|认成了|当成|当成了|听成|按成|按成了|贴成|点到|弄成|弄成了|搞成|变成|变成了|实充|实际充|实际充到|实际到|实际是|实际到账|进了|跑到|跑到了|跑去|发到|发到了|转到|转给|转到了|入到|入咗去|入咗|入去|入左|储到|储成|存到|存成|充值到|充值成|充值给|充值到了|自动填|自动填了|默认|默认填|送到|去到|去了|到了|记成|绑到|结果是|结果充|结果给|结果到|给充|给充到|给充成|变左|拣咗|拣左|打咗|填咗|写咗|揿咗|撳咗|增值咗去|增值咗落|增值落|入咗落|增值去咗|增值到|落咗去|加到|加在|加给|开到|开在|开给|开成|续到|续成|发给了|落到|充我自己|充到我自己|充我", cue{kind: roleAhead, role: charged, weight: 3}},
	entry[cue]{"填的|填的是|填了|填的号|写的|写的是|写了|输的|输的是|输了|输入的是|输入了|选的|选的是|打的是|留的是|报的是|提交的是|下单填的|充的是|充值的是|充值的号码是|你们给|你给|你们充|你们把|记错|错写|手滑|手误|手抖|不小心|填左", cue{kind: roleAhead, role: charged, weight: 2}},
	entry[cue]{"went|went to|gone to|gone|going to|goes to|sent to|sent it to|sent|send it to|ended up|ended up on|ended up in|ended up with|landed|landed on|landed in|credited to|credited|credited on|charged to|charged up|delivered to|applied to|loaded to|loaded on|loaded into|added to|put it on|put it in|put it to|put on|topped up to|recharged to|recharge done on|done on|done to|came to|arrived at|showed up on|used|napunta sa|napunta|napapunta|it was sent|got sent to|instead used|deposited to|deposited in|transferred to|paid to|received by", cue{kind: roleAhead, role: charged, weight: 3}},
	entry[cue]{"错号|别人的号|别人的号码|别人号上|别人号|别人账号|别人的账号|陌生人|陌生号|陌生号码|错咗去|错咗落|错咗入|错去|错到|错给|拣错咗|拣错|俾错|俾错咗|畀错咗|不小心选到|не на тот номер|не на тот аккаунт|не на тот айди|не на тот|не на ту|не тот номер|не тот айди|не ту почту|не на ту почту", cue{kind: roleAhead, role: charged, weight: 3, wrong: true}},
	entry[cue]{"mistakenly|mistyped|misspelled|accidentally|accidently|by accident|by mistake|wrong number|wrong account|wrong one is|wrong uid|wrong id|wrong email|wrong mail|wrong person|по ошибке|ошибочно|случайно|错充|错充到|错充成|误充|误充到|误充成|误填|误输|误写|错填|错填成|填错成|打错成|写错成|充错到|充错成|充错给|充错在", cue{kind: roleAhead, role: charged, weight: 3, wrong: true}},
	entry[cue]{"typed|type|typed in|entered|enter|put|put in|wrote|written|filled|filled in|keyed|keyed in|picked|selected|chose|gave|autofill|autofilled|autocomplete|topped up|top up|recharged|charged|loaded|submitted|inputted|input|na-type|nalagay|you did|you put|you guys put|you topped|you sent|you charged|you credited", cue{kind: roleAhead, role: charged, weight: 2}},
	entry[cue]{"ушло|ушли|ушел|ушла|ушло на|уехало|уехали|упало|упали|улетело|улетели|попало|попали|пришло на|пришли на|пришел на|зачислили на|зачислили|зачислено|зачислилось|зачислены|зачислен|начислили|начислили на|начислено|положил на|положила на|положил себе на|положила себе на|положили на|закинул на|закинула на|закинули на|закинул себе на|скинули на|скинул на|кинул на|кинула на|кинули на|перевел на|перевела на|перевели на|пополнил на|пополнили на|отправил на|отправила на|отправили на|вышло|получилось|вы на|а вы на|оказалось на|списали на|вместо этого", cue{kind: roleAhead, role: charged, weight: 3}},
	entry[cue]{"пришло|пришли|пришел|указал|указала|указали|ввел|ввела|ввели|вбил|вбила|вбили|написал|написала|набрал|набрала|вписал|вписала|выбрал|выбрала|пополнил|пополнила|пополнили|положил|положила|подключили|подключил|активировали|оформили|оформил|отправил|отправили|отправила|перевел|перевела|перевели|кинул|кинула|закинул|закинула|закинули|напечатал*|заполнил*|скинули|дали|выдали|сделали", cue{kind: roleAhead, role: charged, weight: 2}},
	entry[cue]{"没充到|没充给|没充进|未充到|没给|没到|没有到|没充|не пополнили|не зачислили|не зачислилось|не зачислено|not credited|not received|never received|never credited|didnt go to|didnt receive|did not go to|не дошло|не дошли|не пришло|не пришли|не поступило|не поступили", cue{kind: missing}},

	entry[cue]{"不应该|不该|不应|不该充|不应该充|shouldnt|should not|shouldnt have|should not have|wasnt supposed|не надо было|не нужно было|не должен|не должны|не должно", cue{kind: roleAhead, role: charged, weight: 3}},

	// What is said behind an account.
	entry[cue]{"不是我|不是我的|不是我的号|不是我号|不是我的账号|不是本人|唔系我|唔系我嘅|并不是我|才不是我|是别人|是别人的|是我前男友|是我前女友|是我前任|是前任|是旧号|是我旧号|是老号|是我以前的|是空号|那是空号|是陌生人|不认识|根本不是|系第二个|系人哋|not me|not mine|not my|isnt me|isnt mine|isnt my|is not me|is not mine|is not my|who is not me|thats not me|thats not mine|thats not my|thats someone elses|someone elses|somebody elses|belongs to someone|strangers|a stranger|old number|old email|old account|не мой|не моя|не мое|не мне|это не я|не я|чужой|чужая|чужому|чужим|старый|старая|другого человека|незнакомый|незнакомому|другому человеку", cue{kind: roleEither, role: charged, weight: 3}},
	entry[cue]{"错了|不对|是错的|是错|是错误的|是填错|是充错|系错|错嘅|有误|是打错|was wrong|is wrong|is incorrect|was incorrect|is the wrong|was the wrong|was a typo|is a typo|was topped up by mistake|topped up by mistake|was credited by mistake|credited by mistake|was charged by mistake|recharged by mistake|was an accident|неправильный|неверный|неправильно|неверно|ошибочный|это ошибка", cue{kind: roleBehind, role: charged, weight: 2, wrong: true}},
	entry[cue]{"才是我|才是我的|才是我的号|才是我嘅|才对|才是对的|才是正确的|才啱|先啱|先系|先系我|先系我嘅|是对的|是正确的|是我的|是我的号|系我嘅|是我要充|是我想充|是我要充的|is correct|is right|is the right|is the correct|is mine|is my|is me|was correct|was right|was the right|was the intended|is the one i|was what i|is what i|это мой|это я|хотел туда|хотела туда|это правильный|верный номер", cue{kind: roleBehind, role: intended, weight: 3}},
	entry[cue]{"это номер|это телефон|это мамин|это папин|номер мамы|номер жены|номер мужа|is my moms|is my dads|is my friends|is my wifes|is my husbands|是我妈|是我爸|是我老公|是我老婆|是我朋友|是朋友", cue{kind: roleBehind, role: charged, weight: 1}},
	entry[cue]{"上了|那去了|那里去了|去了啊|头上|身上|名下|头上了|身上了|开了|ушло|пополнили|подключили|начислили|зачислили|получил*", cue{kind: roleBehind, role: charged, weight: 1}},
	entry[cue]{"没收到|没到账|没到|没收到钱|没开通|没充上|没有收到|没到帐|didnt get|got nothing|has nothing|didnt receive|didnt arrive|ничего не|пусто|не получил", cue{kind: roleBehind, role: intended, weight: 1}},
	entry[cue]{"收到了|收咗|received it|got it|received the|received my|got the|got my|is what got it|was what got it|is the one that got it", cue{kind: roleBehind, role: charged, weight: 2}},

	entry[cue]{"不是|并非|没让|没让你|没叫|没叫你|冇叫|没说|而不是|而非|唔系|并不是|不系|not|not to|and not|не|а не|не на|isnt|wasnt|never", cue{kind: negation}},

	// What the text is about.
	entry[cue]{"充错|充错了|充错号|充错啦|冲错|打错|打错了|填错|填错了|写错|写错了|输错|选错|点错|弄错|搞错|搞混|搞混了|弄反|弄反了|错账号|入错|储错|增值错|号码错|账号错|号错|错人|送错|发错|转错|手滑了|看错|抄错|记错了|少打|多打|一位数|差一位|差一个|反了|串号|wrong|wrongly|mistake|mistakes|typo|typed wrong|instead|mixed up|mix up|swapped|incorrect|misspelt|oops|whoops|ошиб*|不正确|错咗|错左|не туда|не тот|не тому|не той|не те|перепут*|опечат*|промахн*|чужие|mali|maling", cue{kind: mistake}},
	entry[cue]{"没到账|没有到账|未到账|不到账|还没到|没来|没反应|没动静|没影|没进来|没入账|未到|未收到|没见|冇到|冇收到|冇反应|仲未到|not arrived|hasnt arrived|havent arrived|not working|no credit|not yet|still nothing|no load|not showing|still not|not reflected|pending|not updated|hasnt come|nothing yet|nothing came|ничего|до сих пор|нет денег|не приходит|не поступает|нету|тишина", cue{kind: missing}},

	entry[cue]{"前面那个|前一个|前面的|前者|第一个|头一个|前面个|the former|former|the first|first one|the first one|first|первый|первая|первое", cue{kind: firstOne}},
	entry[cue]{"后面那个|后一个|后面的|后者|第二个|后面个|the latter|latter|the second|second one|the second one|second|второй|вторая|второе|второму|последний", cue{kind: secondOne}},
	entry[cue]{"结果充我自己|结果充自己|结果充给我自己|结果充到我自己|充我自己身上|充到我自己|充给我自己|充我自己|充到自己|充自己|充我号上|充到我号上|充到我身上|充我身上|到我自己|mine got|my own got|to myself|to my own|on my own|on mine|себе", cue{kind: myself, role: charged, weight: 3}},
	entry[cue]{"结果|但是|但|可是|可|却|谁知|没想到|后来|怎么|but|pero|and|however|yet|а|но|однако|хотя|because", cue{kind: turning}},
)

// cueAt is a cue where it stands.
type cueAt struct {
	cue
	from, to int
}

// roleReader gives accounts their roles.
type roleReader struct {
	*page
	found    []candidate
	accounts []int // indexes in found
	cues     []cueAt

	// By lexeme: how many thoughts have ended before it.
	ended []int

	mistake, missing bool
	scores           []scores
}

// scores is how much the words around an account speak for each role.
type scores struct {
	intended, charged int
	negated           bool // "not this one" was said
}

func (s *scores) add(r role, weight int) {
	switch r {
	case intended:
		s.intended = max(s.intended, weight)
	case charged:
		s.charged = max(s.charged, weight)
	}
}

func (s scores) margin() int { return s.intended - s.charged }

// assign sets the roles of the accounts among the candidates.
func (r *roleReader) assign() {
	r.accounts = r.accounts[:0]
	for i := range r.found {
		if r.found[i].account() || r.found[i].label == noLabel && r.cued(i) {
			r.accounts = append(r.accounts, i)
		}
	}
	if len(r.accounts) == 0 {
		return
	}
	r.gather()
	r.scores = r.scores[:0]
	for k := range r.accounts {
		r.scores = append(r.scores, r.score(k))
	}
	r.scorePointers()
	if !r.pair() {
		for k := range r.accounts {
			r.single(k)
		}
	}
}

// cued reports that what looks like an order number stands right behind a strong
// word of a role, so that it is an account: 充到ABC123了.
func (r *roleReader) cued(i int) bool {
	c, _, ok := roleCues.upTo(r.page, r.found[i].from)
	return ok && c.kind == roleAhead && c.weight == 3
}

// gather finds all cues outside the accounts.
func (r *roleReader) gather() {
	r.cues = r.cues[:0]
	r.mistake, r.missing = false, false
	k := 0
	for i := 0; i < len(r.lexemes); {
		for k < len(r.found) && r.found[k].to <= i {
			k++
		}
		if k < len(r.found) && i >= r.found[k].from {
			i = r.found[k].to
			continue
		}
		c, next, ok := roleCues.at(r.page, i)
		if !ok {
			i++
			continue
		}
		r.mistake = r.mistake || c.kind == mistake || c.wrong || c.kind == roleEither
		r.missing = r.missing || c.kind == missing
		r.cues = append(r.cues, cueAt{c, i, next})
		i = next
	}
	r.divide()
}

// pauses end a thought.
var pauses = newLexicon(entry[bool]{",|，|.|。|!|?|;|、|\n|~|…", true})

// divide counts the ends of thoughts: marks, blanks between Chinese characters, and
// words that begin another.
func (r *roleReader) divide() {
	r.ended = append(r.ended[:0], 0)
	n, k := 0, 0
	for i := range r.lexemes {
		for k < len(r.cues) && r.cues[k].to <= i {
			k++
		}
		_, _, pause := pauses.at(r.page, i)
		if pause || r.kind(i) == hanSign && r.lexemes[i].gap || k < len(r.cues) && r.cues[k].kind == turning && r.cues[k].to == i+1 {
			n++
		}
		r.ended = append(r.ended, n)
	}
}

// breaks reports that another thought begins between two lexemes.
func (r *roleReader) breaks(from, to int) bool {
	return to > from && r.ended[to] > r.ended[from] || to < len(r.lexemes) && r.lexemes[to].gap && r.kind(to) == hanSign
}

// between are the cues from lexeme from to lexeme to.
func (r *roleReader) between(from, to int) []cueAt {
	first := sort.Search(len(r.cues), func(i int) bool { return r.cues[i].from >= from })
	last := sort.Search(len(r.cues), func(i int) bool { return r.cues[i].to > to })
	return r.cues[first:max(first, last)]
}

// around are the ends of the accounts before and behind account k.
func (r *roleReader) around(k int) (before, behind int) {
	before, behind = 0, len(r.lexemes)
	if k > 0 {
		before = r.found[r.accounts[k-1]].to
	}
	if k+1 < len(r.accounts) {
		behind = r.found[r.accounts[k+1]].from
	}
	return before, behind
}

// score weighs the words around account k.
func (r *roleReader) score(k int) (s scores) {
	c := r.found[r.accounts[k]]
	before, behind := r.around(k)
	cues := r.between(before, c.from)
	if g := r.governing(cues, c.from, k > 0); g >= 0 {
		found, weight := r.modal(cues, g)
		if r.turned(cues, g, c.from) {
			found, weight = found.other(), min(weight, 2)
		}
		s.add(found, weight)
	} else if r.negated(cues, c.from) {
		s.add(charged, 2)
	}
	s.negated = r.negated(cues, c.from)
	r.scoreBehind(k, behind, &s)
	return s
}

// governing is the cue before an account that tells its role: the last one, but
// rather a strong one than "mine" in the same thought; -1 for none.
func (r *roleReader) governing(cues []cueAt, at int, second bool) int {
	best := -1
	for i := len(cues) - 1; i >= 0; i-- {
		c := cues[i]
		ahead := c.kind == roleAhead || c.kind == myself ||
			c.kind == roleEither && !(second && r.breaks(c.to, at) || second && best >= 0)
		switch {
		case !ahead:
		case best < 0:
			best = i
		case cues[best].weight == 1 && c.weight > 1 && !r.breaks(c.to, cues[best].from):
			return i
		}
	}
	return best
}

// modal is the role that a governing cue gives: 应该充到 is "should have been", though
// 充到 alone is "was".
func (r *roleReader) modal(cues []cueAt, g int) (role, int) {
	c := cues[g]
	for i := g - 1; i >= 0 && !r.breaks(cues[i].to, c.from); i-- {
		if cues[i].kind == roleAhead && cues[i].role == intended && cues[i].weight > 1 {
			return intended, max(cues[i].weight, c.intendedWeight())
		}
	}
	return c.role, c.weight
}

// intendedWeight is the weight of a cue for the intended account.
func (c cue) intendedWeight() int {
	if c.role != intended {
		return 0
	}
	return c.weight
}

// turned reports a negation right before the governing cue, or between it and the
// account.
func (r *roleReader) turned(cues []cueAt, g, at int) bool {
	if g > 0 && cues[g-1].kind == negation && cues[g].from-cues[g-1].to <= 1 {
		return true
	}
	return r.negated(cues[g+1:], at)
}

// negated reports a negation right before the account.
func (r *roleReader) negated(cues []cueAt, at int) bool {
	for i := len(cues) - 1; i >= 0; i-- {
		if cues[i].kind == negation {
			return at-cues[i].to <= 3 && !r.breaks(cues[i].to, at)
		}
	}
	return false
}

// scoreBehind weighs the words behind account k.
func (r *roleReader) scoreBehind(k, end int, s *scores) {
	c := r.found[r.accounts[k]]
	cues := r.between(c.to, end)
	next := -1
	if k+1 < len(r.accounts) {
		next = r.governing(cues, end, true)
	}
	for i, cue := range cues {
		near := cue.from - c.to
		switch {
		case i == next:
		case cue.kind == roleEither:
			s.add(cue.role, cue.weight)
		case cue.kind == roleBehind && near <= 3 && !(i > 0 && (cues[i-1].kind == firstOne || cues[i-1].kind == secondOne)):
			s.add(cue.role, cue.weight)
		case cue.kind == roleAhead && near == 0 && (r.cyrillic || cue.role == charged && next < 0):
			s.add(cue.role, max(1, cue.weight-1)) // на 8916… ушло, на 8916… надо было
		}
	}
}

// scorePointers weighs what is said of "the latter" and of "mine" where no number
// follows.
func (r *roleReader) scorePointers() {
	if len(r.accounts) < 2 {
		return
	}
	mine := false
	for i, c := range r.cues {
		switch c.kind {
		case firstOne, secondOne:
			k := 0
			if c.kind == secondOne {
				k = 1
			}
			if i > 0 && r.cues[i-1].role != noRole && c.from-r.cues[i-1].to <= 2 && !r.breaks(r.cues[i-1].to, c.from) {
				r.scores[k].add(r.cues[i-1].role, 3)
			} else if i+1 < len(r.cues) && r.cues[i+1].role != noRole && r.cues[i+1].from-c.to <= 2 {
				r.scores[k].add(r.cues[i+1].role, 3)
			}
		case myself:
			mine = mine || c.from >= r.found[r.accounts[len(r.accounts)-1]].to
		}
	}
	if mine {
		r.scoreMine()
	}
}

// scoreMine makes the account that the text calls mine the charged one.
func (r *roleReader) scoreMine() {
	for k := range r.accounts {
		before, _ := r.around(k)
		cues := r.between(before, r.found[r.accounts[k]].from)
		if g := r.governing(cues, r.found[r.accounts[k]].from, k > 0); g >= 0 && cues[g].weight == 1 && cues[g].role == intended {
			r.scores[k] = scores{charged: 3}
		}
	}
}

// alike tells kinds between which a mistake can have happened. Digits may look like
// a phone though they are none.
func (r *roleReader) alike(a, b candidate) bool {
	if len(a.value) == len(b.value) && r.kind(a.from) == digitRun && r.kind(b.from) == digitRun {
		return true
	}
	return (a.kind == phoneNumber) == (b.kind == phoneNumber) && (a.kind == mailAddress) == (b.kind == mailAddress)
}

// pair gives two different accounts of one kind their roles; false when there are
// not two.
func (r *roleReader) pair() bool {
	first := r.found[r.accounts[0]]
	var second candidate
	var a, b scores
	for k, i := range r.accounts {
		c := r.found[i]
		switch {
		case !r.alike(c, first):
			return false
		case c.value == first.value:
			a.add(intended, r.scores[k].intended)
			a.add(charged, r.scores[k].charged)
			a.negated = a.negated || r.scores[k].negated
			continue
		case second.value == "":
			second = c
		case c.value != second.value:
			return false
		}
		b.add(intended, r.scores[k].intended)
		b.add(charged, r.scores[k].charged)
		b.negated = b.negated || r.scores[k].negated
	}
	if second.value == "" {
		return false
	}
	forward, backward := a.intended+b.charged, a.charged+b.intended
	strength := max(forward, backward)
	byOrder := forward == backward
	contrast := a.negated != b.negated // "this one, not that one"
	if strength < 3 && !r.mistake && !contrast || byOrder && (!r.mistake || strength == 0) {
		return true // two accounts without roles
	}
	roleOfFirst := charged
	if forward > backward {
		roleOfFirst = intended
	}
	for k, i := range r.accounts {
		c := &r.found[i]
		c.role = roleOfFirst
		if c.value != first.value {
			c.role = roleOfFirst.other()
		}
		c.trust = pairTrust(r.scores[k], c.role, byOrder)
	}
	return true
}

// pairTrust is how sure the role of one of two accounts is.
func pairTrust(s scores, as role, byOrder bool) float32 {
	margin := s.margin()
	if as == charged {
		margin = -margin
	}
	switch {
	case byOrder:
		return perhaps
	case margin >= 2:
		return surely
	case margin >= 0:
		return 0.87
	}
	return 0.7
}

// single gives an account without a second its role, if the text tells one.
func (r *roleReader) single(k int) {
	c := &r.found[r.accounts[k]]
	margin := r.scores[k].margin()
	found, weight := intended, margin
	if margin < 0 {
		found, weight = charged, -margin
	}
	switch {
	case weight >= 3 && (r.mistake || !r.missing), weight >= 1 && r.mistake && (found == intended || weight >= 2):
		c.role, c.trust = found, surely
		if weight < 3 {
			c.trust = probably
		}
	}
}
