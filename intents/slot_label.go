package intents

// labelKind is what a text calls the number or code that follows.
type labelKind uint8

const (
	noLabel labelKind = iota
	orderLabel
	accountLabel
	phoneLabel
	numberLabel  // a number, of a phone or an account
	secretLabel  // of a card, a code, a password
	foreignLabel // of an invoice, a parcel, a flight, a group, a version
	plainLabel   // a word that is no label though its end looks like one
)

// labels are the words that call the number after them something.
var labels = newLexicon(
	entry[labelKind]{"订单|订单号|订单号码|订单编号|定单|定单号|单号|单|单子|订单id|交易号|交易单号|流水号|商户单号|支付单号|商品单号|单据号|case|case no|order|order no|order no.|order number|order num|order id|order ref|order numbers|order nos|order ids|orders|заказы|заказов|orderid|ordernumber|orderno|order nr|ref|ref.|reference|ref no|txn|txn id|txnid|transaction|transaction id|trx|заказ|заказа|заказу|заказе|заказом|номер заказа|заказ номер|заказ №|транзакция|транзакции|id заказа|order#|ord|purchase id|purchase no|purchase number|purchase|confirmation|confirmation number|order confirmation|bestellung|номер покупки|покупка|заявка", orderLabel},
	entry[labelKind]{"uid|uid号|userid|user id|id|id号|游戏id|玩家id|角色id|数字id|player id|playerid|game id|gameid|account|account no|account number|account id|acct|acc|accnt|账号|账户|用户名|用户|账户名|充值账号|游戏账号|游戏号|游戏账户|角色|角色名|角色名字|角色叫|游戏角色|角色名叫|昵称|昵称叫|游戏昵称|角色昵称|网名|网名叫|游戏名|游戏名叫|名字|名字叫|qq|qq号|q号|q|加q|我q|扣扣|企鹅号|微信|微信号|vx|wx|抖音号|抖音|快手号|快手|b站|战网|战网号|steam|steam账号|平台号|会员号|会员账号|邮箱|电邮|电子邮箱|email|e-mail|mail|gmail|username|user name|user|nick|nickname|nick name|ign|player|login|login id|profile|айди|ид|uid:|акк|аккаунт|аккаунта|аккаунту|учетка|ник|никнейм|логин|почта|почту|емейл|мыло|персонаж|профиль|стим|игрок|юид|лицевой счет|line id|line|wechat|wechat id", accountLabel},
	entry[labelKind]{"手机|手机号|手机号码|手提|电话|电话号码|部电话|门号|手机门号|充值手机|充值号码|联系电话|移动|联通|电信|tel|tel.|phone|phone number|phone no|phone no.|mobile|mobile number|mobile no|cell|cell number|msisdn|телефон|телефона|номер телефона|тел|тел.|мобильный|сотовый|симка|симку", phoneLabel},
	entry[labelKind]{"号|号码|充值号|number|num|nr|num.|номер|номера|на номер|номеру", numberLabel},
	entry[labelKind]{"卡号|卡密|密码|卡号密码|序号|序列号|兑换码|激活码|充值码|充值卡号|礼品码|礼包码|券码|验证码|校验码|口令|兑换代码|代码|cdk|cdkey|cd-key|code|codes|gift code|redeem code|key|keys|pin|pin code|password|pass|pwd|serial|serial number|serial no|voucher code|voucher|coupon|promo code|promo|otp|код|кода|коды|ключ|пароль|пин|пин-код|пинкод|серийный номер|промокод|купон|优惠码|优惠券|折扣码|银行卡|银行卡号|卡片号码|信用卡|信用卡号|card number|card no|card no.|card ending|номер карты|карта №|карты|iban", secretLabel},
	entry[labelKind]{"发票|发票抬头|载具|客服电话|客服热线|热线|hotline|helpline|抬头|识别号|圆通|中通|申通|韵达|顺丰|极兔|邮政|ems|京东快递|菜鸟|dhl|ups|fedex|usps|сдэк|cdek|почта россии|版本号|visa|mastercard|银联|发票号|发票号码|发票代码|税号|统编|统一编号|invoice|invoice no|invoice number|inv|receipt|чек №|счет-фактура|инвойс|快递|快递号|快递单|快递单号|运单|运单号|物流|物流单号|物流号|包裹|tracking|tracking number|tracking no|tracking id|parcel|awb|трек|трек-номер|трек номер|трекномер|посылка|накладная|航班|航班号|班机|机票|车次|flight|flight no|рейс|поезд|身份证|身份证号|护照|passport|паспорт|инн|imei|群|群号|qq群|尾号|订单尾号|单号尾号|手机尾号|后四位|末四位|尾数|ending in|ending|工号|客服|邮编|zip|版本|version|ver|версия|型号|model|модель|验证|邀请码|推荐码|房间号|楼|room|apartment|квартира|案号|服务器|区服", foreignLabel},
	entry[labelKind]{"下单|落单|买单|账单|菜单|简单|刷单|退单|拍单|订了|每单|一单|两单|几单|名单|多单|同单|付款单|my order|ordered|次号", plainLabel},
)

// labelGlue stands between a label and its number.
var labelGlue = newLexicon(
	entry[bool]{"是|为|叫|系|:|/|;|#|=|.|-|—|(|[|<|\"|“|「|『|【|》|→|号|编号|号码|的|就是|名|一个|is|are|was|its|no|no.|number|num|nr|id|n|№|номер|это|такой|под номером|\n|,|，|我的|my", true},
)

// chains join a number to the one before, which then has the same label.
var chains = newLexicon(entry[bool]{"和|跟|与|同|及|还有|或|、|/|,|，|&|+|and|or|и|или|,и", true})

// labelsAfter call the number before them something.
var labelsAfter = newLexicon(
	entry[labelKind]{"这单|这个单|这张单|这笔单|这个订单|这笔订单|号订单|的订单|这笔|呢张单|this order|order number|is my order|is the order|is my order number|это заказ|номер заказа", orderLabel},
	entry[labelKind]{"这个账号|这个qq|这个uid|这个id|这个角色|这个号|这号|的账号|这个邮箱|呢个账号|呢个号|is my uid|is my id|is my account|is the account|is my player id|account|это мой айди|это мой ник|это айди|мой айди", accountLabel},
	entry[labelKind]{"这个卡密|这张卡|这个码|这串码|这个兑换码|这个序号|呢个code|卡密|is my code|is the code|is the key|code|это код", secretLabel},
	entry[labelKind]{"这个航班|次航班|次列车|flight|рейс", foreignLabel},
)

// flights are words of travelling, beside which two letters and three or four
// digits are no order.
var flights = newLexicon(entry[bool]{"航班|飞|机场|机票|高铁|flight|flights|airport|boarding|рейс|рейсом|самолет*|вылет*|аэропорт*", true})

// secrets are words of codes, beside which letters and digits in disorder are one.
var secrets = newLexicon(entry[bool]{"卡密|兑换码|激活码|序号|序列号|密码|充值码|兑换|激活|cdk|code|codes|key|keys|pin|serial|redeem|voucher|код|кода|коды|ключ|активир*", true})

// makes are the beginnings of product names that look like codes: iPhone15, PS5.
var makes = map[string]bool{
	"iphone": true, "ipad": true, "ipod": true, "ps": true, "xbox": true, "galaxy": true, "redmi": true, "xiaomi": true, "mi": true, "poco": true, "note": true,
	"rtx": true, "gtx": true, "rx": true, "gta": true, "fifa": true, "fc": true, "nba": true, "cod": true, "cs": true, "csgo": true, "pubg": true, "dota": true, "win": true,
	"windows": true, "office": true, "steam": true, "ios": true, "android": true, "mate": true, "nova": true, "reno": true, "oppo": true, "vivo": true, "honor": true,
	"huawei": true, "macbook": true, "watch": true, "airpods": true, "switch": true, "covid": true, "mp": true, "usb": true, "wifi": true, "bf": true, "battlefield": true,
	"forza": true, "diablo": true, "warzone": true, "genshin": true, "pixel": true, "oneplus": true, "realme": true, "samsung": true, "nokia": true, "core": true, "utf": true,
	"gmt": true, "utc": true, "v": true, "ver": true, "f": true, "top": true, "nod": true, "so": true, "sha": true, "md": true, "vip": true, "svip": true, "lv": true, "level": true, "lvl": true, "win10": true, "ea": true, "fps": true,
}

// coins are what a number joined to them counts: 325UC, 10GB, 48H.
var coins = map[string]bool{
	"uc": true, "cp": true, "vp": true, "rp": true, "bp": true, "dm": true, "xp": true, "gp": true, "pts": true, "pt": true, "gb": true, "mb": true, "g": true, "m": true, "kb": true,
	"tb": true, "p": true, "k": true, "h": true, "hz": true, "ml": true, "kg": true, "mm": true, "cm": true, "fps": true, "x": true, "px": true, "min": true, "mins": true, "hrs": true,
	"usd": true, "rmb": true, "hkd": true, "twd": true, "ntd": true, "eur": true, "gbp": true, "rub": true, "usdt": true, "gems": true, "coins": true, "diamonds": true, "vbucks": true,
	"robux": true, "d": true, "days": true, "th": true, "st": true, "nd": true, "rd": true, "р": true, "руб": true, "шт": true, "дней": true, "гб": true, "мб": true, "мин": true,
	"ч": true, "pcs": true, "units": true, "times": true, "am": true, "pm": true, "mbps": true, "w": true, "s": true, "star": true, "stars": true, "в": true, "й": true, "го": true,
}

// counted are nouns that follow a number which counts them.
var counted = map[string]bool{
	"diamonds": true, "diamond": true, "coins": true, "coin": true, "points": true, "gems": true, "gem": true, "uc": true, "robux": true, "cards": true, "codes": true, "pieces": true,
	"pcs": true, "items": true, "keys": true, "gold": true, "tokens": true, "credits": true, "vbucks": true, "алмазов": true, "монет": true, "баллов": true, "кристаллов": true,
	"гемов": true, "штук": true, "шт": true, "карт": true, "голды": true, "звезд": true, "primogems": true, "crystals": true, "stars": true, "subscribers": true, "likes": true,
	"followers": true, "messages": true, "people": true, "человек": true, "дней": true, "раз": true, "钻": true, "点": true, "币": true, "积": true, "金": true, "个": true, "元": true,
	"张": true, "次": true, "天": true, "人": true, "粉": true, "颗": true, "枚": true,
}
