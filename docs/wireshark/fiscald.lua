-- Recordings of fiscal printers in Wireshark and tshark. Made by: python -m fiscald.protocols.dissector
-- Put it into the folder of personal Lua plugins, or: wireshark -X lua_script:fiscald.lua FILE.pcapng

local fiscald = Proto("fiscald", "Fiscal printer")
local EVENTS = { [0] = "data", [1] = "open", [2] = "closed", [3] = "lost", [4] = "gap" }
local DIRECTIONS = { [0] = "-", [1] = ">", [2] = "<" }
local f = {
    version = ProtoField.uint8("fiscald.version", "Version of the header"),
    direction = ProtoField.uint8("fiscald.direction", "Direction", base.DEC, DIRECTIONS),
    event = ProtoField.uint8("fiscald.event", "Event", base.DEC, EVENTS),
    family = ProtoField.string("fiscald.family", "Family"),
    printer = ProtoField.string("fiscald.printer", "Printer"),
    side = ProtoField.string("fiscald.side", "Side"),
    note = ProtoField.string("fiscald.note", "Note"),
    frame = ProtoField.bytes("fiscald.frame", "Frame"),
    command = ProtoField.string("fiscald.command", "Command"),
    meaning = ProtoField.string("fiscald.meaning", "Meaning"),
    unknown = ProtoField.string("fiscald.unknown", "Field of no known name"),
    damage = ProtoField.string("fiscald.damage", "Damage"),
    error = ProtoField.string("fiscald.error", "Error"),
    error_text = ProtoField.string("fiscald.error_text", "Error in English"),
    error_pl = ProtoField.string("fiscald.error_pl", "Error in Polish"),
}
local damaged = ProtoExpert.new("fiscald.damaged", "Damaged bytes", expert.group.CHECKSUM, expert.severity.WARN)
local refused = ProtoExpert.new("fiscald.refused", "Refused", expert.group.RESPONSE_CODE, expert.severity.NOTE)
fiscald.experts = { damaged, refused }
local families = {}
fiscald.prefs.code_page = Pref.enum("Code page", 0, "What the printer's menu is set to", {
    { 1, "as usual for the family", 0 }, { 2, "cp1250", 1 }, { 3, "latin2", 2 }, { 4, "mazovia", 3 },
}, false)
local pages = {
    { ["\128"] = "€", ["\129"] = "�", ["\130"] = "‚", ["\131"] = "�", ["\132"] = "„", ["\133"] = "…", ["\134"] = "†", ["\135"] = "‡", ["\136"] = "�", ["\137"] = "‰", ["\138"] = "Š", ["\139"] = "‹", ["\140"] = "Ś", ["\141"] = "Ť", ["\142"] = "Ž", ["\143"] = "Ź", ["\144"] = "�", ["\145"] = "‘", ["\146"] = "’", ["\147"] = "“", ["\148"] = "”", ["\149"] = "•", ["\150"] = "–", ["\151"] = "—", ["\152"] = "�", ["\153"] = "™", ["\154"] = "š", ["\155"] = "›", ["\156"] = "ś", ["\157"] = "ť", ["\158"] = "ž", ["\159"] = "ź", ["\160"] = " ", ["\161"] = "ˇ", ["\162"] = "˘", ["\163"] = "Ł", ["\164"] = "¤", ["\165"] = "Ą", ["\166"] = "¦", ["\167"] = "§", ["\168"] = "¨", ["\169"] = "©", ["\170"] = "Ş", ["\171"] = "«", ["\172"] = "¬", ["\173"] = "­", ["\174"] = "®", ["\175"] = "Ż", ["\176"] = "°", ["\177"] = "±", ["\178"] = "˛", ["\179"] = "ł", ["\180"] = "´", ["\181"] = "µ", ["\182"] = "¶", ["\183"] = "·", ["\184"] = "¸", ["\185"] = "ą", ["\186"] = "ş", ["\187"] = "»", ["\188"] = "Ľ", ["\189"] = "˝", ["\190"] = "ľ", ["\191"] = "ż", ["\192"] = "Ŕ", ["\193"] = "Á", ["\194"] = "Â", ["\195"] = "Ă", ["\196"] = "Ä", ["\197"] = "Ĺ", ["\198"] = "Ć", ["\199"] = "Ç", ["\200"] = "Č", ["\201"] = "É", ["\202"] = "Ę", ["\203"] = "Ë", ["\204"] = "Ě", ["\205"] = "Í", ["\206"] = "Î", ["\207"] = "Ď", ["\208"] = "Đ", ["\209"] = "Ń", ["\210"] = "Ň", ["\211"] = "Ó", ["\212"] = "Ô", ["\213"] = "Ő", ["\214"] = "Ö", ["\215"] = "×", ["\216"] = "Ř", ["\217"] = "Ů", ["\218"] = "Ú", ["\219"] = "Ű", ["\220"] = "Ü", ["\221"] = "Ý", ["\222"] = "Ţ", ["\223"] = "ß", ["\224"] = "ŕ", ["\225"] = "á", ["\226"] = "â", ["\227"] = "ă", ["\228"] = "ä", ["\229"] = "ĺ", ["\230"] = "ć", ["\231"] = "ç", ["\232"] = "č", ["\233"] = "é", ["\234"] = "ę", ["\235"] = "ë", ["\236"] = "ě", ["\237"] = "í", ["\238"] = "î", ["\239"] = "ď", ["\240"] = "đ", ["\241"] = "ń", ["\242"] = "ň", ["\243"] = "ó", ["\244"] = "ô", ["\245"] = "ő", ["\246"] = "ö", ["\247"] = "÷", ["\248"] = "ř", ["\249"] = "ů", ["\250"] = "ú", ["\251"] = "ű", ["\252"] = "ü", ["\253"] = "ý", ["\254"] = "ţ", ["\255"] = "˙" },
    { ["\160"] = " ", ["\161"] = "Ą", ["\162"] = "˘", ["\163"] = "Ł", ["\164"] = "¤", ["\165"] = "Ľ", ["\166"] = "Ś", ["\167"] = "§", ["\168"] = "¨", ["\169"] = "Š", ["\170"] = "Ş", ["\171"] = "Ť", ["\172"] = "Ź", ["\173"] = "­", ["\174"] = "Ž", ["\175"] = "Ż", ["\176"] = "°", ["\177"] = "ą", ["\178"] = "˛", ["\179"] = "ł", ["\180"] = "´", ["\181"] = "ľ", ["\182"] = "ś", ["\183"] = "ˇ", ["\184"] = "¸", ["\185"] = "š", ["\186"] = "ş", ["\187"] = "ť", ["\188"] = "ź", ["\189"] = "˝", ["\190"] = "ž", ["\191"] = "ż", ["\192"] = "Ŕ", ["\193"] = "Á", ["\194"] = "Â", ["\195"] = "Ă", ["\196"] = "Ä", ["\197"] = "Ĺ", ["\198"] = "Ć", ["\199"] = "Ç", ["\200"] = "Č", ["\201"] = "É", ["\202"] = "Ę", ["\203"] = "Ë", ["\204"] = "Ě", ["\205"] = "Í", ["\206"] = "Î", ["\207"] = "Ď", ["\208"] = "Đ", ["\209"] = "Ń", ["\210"] = "Ň", ["\211"] = "Ó", ["\212"] = "Ô", ["\213"] = "Ő", ["\214"] = "Ö", ["\215"] = "×", ["\216"] = "Ř", ["\217"] = "Ů", ["\218"] = "Ú", ["\219"] = "Ű", ["\220"] = "Ü", ["\221"] = "Ý", ["\222"] = "Ţ", ["\223"] = "ß", ["\224"] = "ŕ", ["\225"] = "á", ["\226"] = "â", ["\227"] = "ă", ["\228"] = "ä", ["\229"] = "ĺ", ["\230"] = "ć", ["\231"] = "ç", ["\232"] = "č", ["\233"] = "é", ["\234"] = "ę", ["\235"] = "ë", ["\236"] = "ě", ["\237"] = "í", ["\238"] = "î", ["\239"] = "ď", ["\240"] = "đ", ["\241"] = "ń", ["\242"] = "ň", ["\243"] = "ó", ["\244"] = "ô", ["\245"] = "ő", ["\246"] = "ö", ["\247"] = "÷", ["\248"] = "ř", ["\249"] = "ů", ["\250"] = "ú", ["\251"] = "ű", ["\252"] = "ü", ["\253"] = "ý", ["\254"] = "ţ", ["\255"] = "˙" },
    { ["\128"] = "�", ["\129"] = "�", ["\130"] = "�", ["\131"] = "�", ["\132"] = "�", ["\133"] = "�", ["\134"] = "ą", ["\135"] = "�", ["\136"] = "�", ["\137"] = "�", ["\138"] = "�", ["\139"] = "�", ["\140"] = "�", ["\141"] = "ć", ["\142"] = "�", ["\143"] = "Ą", ["\144"] = "Ę", ["\145"] = "ę", ["\146"] = "ł", ["\147"] = "�", ["\148"] = "�", ["\149"] = "Ć", ["\150"] = "�", ["\151"] = "�", ["\152"] = "Ś", ["\153"] = "�", ["\154"] = "�", ["\155"] = "�", ["\156"] = "Ł", ["\157"] = "�", ["\158"] = "ś", ["\159"] = "�", ["\160"] = "Ź", ["\161"] = "Ż", ["\162"] = "ó", ["\163"] = "Ó", ["\164"] = "ń", ["\165"] = "Ń", ["\166"] = "ź", ["\167"] = "ż", ["\168"] = "�", ["\169"] = "�", ["\170"] = "�", ["\171"] = "�", ["\172"] = "�", ["\173"] = "�", ["\174"] = "�", ["\175"] = "�", ["\176"] = "�", ["\177"] = "�", ["\178"] = "�", ["\179"] = "�", ["\180"] = "�", ["\181"] = "�", ["\182"] = "�", ["\183"] = "�", ["\184"] = "�", ["\185"] = "�", ["\186"] = "�", ["\187"] = "�", ["\188"] = "�", ["\189"] = "�", ["\190"] = "�", ["\191"] = "�", ["\192"] = "�", ["\193"] = "�", ["\194"] = "�", ["\195"] = "�", ["\196"] = "�", ["\197"] = "�", ["\198"] = "�", ["\199"] = "�", ["\200"] = "�", ["\201"] = "�", ["\202"] = "�", ["\203"] = "�", ["\204"] = "�", ["\205"] = "�", ["\206"] = "�", ["\207"] = "�", ["\208"] = "�", ["\209"] = "�", ["\210"] = "�", ["\211"] = "�", ["\212"] = "�", ["\213"] = "�", ["\214"] = "�", ["\215"] = "�", ["\216"] = "�", ["\217"] = "�", ["\218"] = "�", ["\219"] = "�", ["\220"] = "�", ["\221"] = "�", ["\222"] = "�", ["\223"] = "�", ["\224"] = "�", ["\225"] = "�", ["\226"] = "�", ["\227"] = "�", ["\228"] = "�", ["\229"] = "�", ["\230"] = "�", ["\231"] = "�", ["\232"] = "�", ["\233"] = "�", ["\234"] = "�", ["\235"] = "�", ["\236"] = "�", ["\237"] = "�", ["\238"] = "�", ["\239"] = "�", ["\240"] = "�", ["\241"] = "�", ["\242"] = "�", ["\243"] = "�", ["\244"] = "�", ["\245"] = "�", ["\246"] = "�", ["\247"] = "�", ["\248"] = "�", ["\249"] = "�", ["\250"] = "�", ["\251"] = "�", ["\252"] = "�", ["\253"] = "�", ["\254"] = "�", ["\255"] = "�" },
}

-- posnet ----------------------------------------------------------------------------------------------
do
local family = { code_page = 1 }
families["posnet"] = family
family.words = {
["scomm"] = { meaning = "general status", fields = {
["fs"] = ProtoField.string("fiscald.posnet.scomm.fs", "fiscal mode"),
["tz"] = ProtoField.string("fiscald.posnet.scomm.tz", "day's totals are zero"),
["ts"] = ProtoField.string("fiscald.posnet.scomm.ts", "type of the open transaction"),
["hr"] = ProtoField.string("fiscald.posnet.scomm.hr", "header programmed"),
["nu"] = ProtoField.string("fiscald.posnet.scomm.nu", "unique number"),
["td"] = ProtoField.string("fiscald.posnet.scomm.td", "not known (training mode by the look of it)"),
} },
["sfsk"] = { meaning = "fiscal memory", fields = {
["fs"] = ProtoField.string("fiscald.posnet.sfsk.fs", "fiscal mode"),
["cl"] = ProtoField.string("fiscald.posnet.sfsk.cl", "memory resets"),
["rd"] = ProtoField.string("fiscald.posnet.sfsk.rd", "daily reports made"),
["vt"] = ProtoField.string("fiscald.posnet.sfsk.vt", "changes of rates"),
["va"] = ProtoField.string("fiscald.posnet.sfsk.va", "rate A"),
["vb"] = ProtoField.string("fiscald.posnet.sfsk.vb", "rate B"),
["vc"] = ProtoField.string("fiscald.posnet.sfsk.vc", "rate C"),
["vd"] = ProtoField.string("fiscald.posnet.sfsk.vd", "rate D"),
["ve"] = ProtoField.string("fiscald.posnet.sfsk.ve", "rate E"),
["vf"] = ProtoField.string("fiscald.posnet.sfsk.vf", "rate F"),
["vg"] = ProtoField.string("fiscald.posnet.sfsk.vg", "rate G"),
["rw"] = ProtoField.string("fiscald.posnet.sfsk.rw", "last daily report"),
["tm"] = ProtoField.string("fiscald.posnet.sfsk.tm", "last daily report"),
["nu"] = ProtoField.string("fiscald.posnet.sfsk.nu", "unique number"),
} },
["scnt"] = { meaning = "counters", fields = {
["rd"] = ProtoField.string("fiscald.posnet.scnt.rd", "daily reports made"),
["hn"] = ProtoField.string("fiscald.posnet.scnt.hn", "last printed document"),
["bn"] = ProtoField.string("fiscald.posnet.scnt.bn", "receipts of the day"),
["fn"] = ProtoField.string("fiscald.posnet.scnt.fn", "invoices of the day"),
["nu"] = ProtoField.string("fiscald.posnet.scnt.nu", "unique number"),
["bc"] = ProtoField.string("fiscald.posnet.scnt.bc", "cancelled receipts of the day"),
["bt"] = ProtoField.string("fiscald.posnet.scnt.bt", "last receipt's number"),
["fc"] = ProtoField.string("fiscald.posnet.scnt.fc", "cancelled invoices of the day"),
} },
["strns"] = { meaning = "open or last document", fields = {
["to"] = ProtoField.string("fiscald.posnet.strns.to", "transaction open"),
["ts"] = ProtoField.string("fiscald.posnet.strns.ts", "type of document"),
["va"] = ProtoField.string("fiscald.posnet.strns.va", "value in rate A"),
["vb"] = ProtoField.string("fiscald.posnet.strns.vb", "value in rate B"),
["vc"] = ProtoField.string("fiscald.posnet.strns.vc", "value in rate C"),
["vd"] = ProtoField.string("fiscald.posnet.strns.vd", "value in rate D"),
["ve"] = ProtoField.string("fiscald.posnet.strns.ve", "value in rate E"),
["vf"] = ProtoField.string("fiscald.posnet.strns.vf", "value in rate F"),
["vg"] = ProtoField.string("fiscald.posnet.strns.vg", "value in rate G"),
["pp"] = ProtoField.string("fiscald.posnet.strns.pp", "packaging given out"),
["pm"] = ProtoField.string("fiscald.posnet.strns.pm", "packaging returned"),
["re"] = ProtoField.string("fiscald.posnet.strns.re", "change"),
["fp"] = ProtoField.string("fiscald.posnet.strns.fp", "payments"),
["fe"] = ProtoField.string("fiscald.posnet.strns.fe", "footer open"),
} },
["stot"] = { meaning = "totals of the day", fields = {
["no"] = ProtoField.string("fiscald.posnet.stot.no", "next daily report"),
["fa"] = ProtoField.string("fiscald.posnet.stot.fa", "invoices in rate A"),
["fb"] = ProtoField.string("fiscald.posnet.stot.fb", "invoices in rate B"),
["fc"] = ProtoField.string("fiscald.posnet.stot.fc", "invoices in rate C"),
["fd"] = ProtoField.string("fiscald.posnet.stot.fd", "invoices in rate D"),
["fe"] = ProtoField.string("fiscald.posnet.stot.fe", "invoices in rate E"),
["ff"] = ProtoField.string("fiscald.posnet.stot.ff", "invoices in rate F"),
["fg"] = ProtoField.string("fiscald.posnet.stot.fg", "invoices in rate G"),
["fn"] = ProtoField.string("fiscald.posnet.stot.fn", "invoices"),
["pa"] = ProtoField.string("fiscald.posnet.stot.pa", "receipts in rate A"),
["pb"] = ProtoField.string("fiscald.posnet.stot.pb", "receipts in rate B"),
["pc"] = ProtoField.string("fiscald.posnet.stot.pc", "receipts in rate C"),
["pd"] = ProtoField.string("fiscald.posnet.stot.pd", "receipts in rate D"),
["pe"] = ProtoField.string("fiscald.posnet.stot.pe", "receipts in rate E"),
["pf"] = ProtoField.string("fiscald.posnet.stot.pf", "receipts in rate F"),
["pg"] = ProtoField.string("fiscald.posnet.stot.pg", "receipts in rate G"),
["pn"] = ProtoField.string("fiscald.posnet.stot.pn", "receipts"),
["ct"] = ProtoField.string("fiscald.posnet.stot.ct", "value of cancelled receipts"),
["cn"] = ProtoField.string("fiscald.posnet.stot.cn", "cancelled receipts"),
["cc"] = ProtoField.string("fiscald.posnet.stot.cc", "changes in the goods base"),
["va"] = ProtoField.string("fiscald.posnet.stot.va", "rate A"),
["vb"] = ProtoField.string("fiscald.posnet.stot.vb", "rate B"),
["vc"] = ProtoField.string("fiscald.posnet.stot.vc", "rate C"),
["vd"] = ProtoField.string("fiscald.posnet.stot.vd", "rate D"),
["ve"] = ProtoField.string("fiscald.posnet.stot.ve", "rate E"),
["vf"] = ProtoField.string("fiscald.posnet.stot.vf", "rate F"),
["vg"] = ProtoField.string("fiscald.posnet.stot.vg", "rate G"),
["ds"] = ProtoField.string("fiscald.posnet.stot.ds", "first sale of the day"),
["is"] = ProtoField.string("fiscald.posnet.stot.is", "first sale of the day"),
["de"] = ProtoField.string("fiscald.posnet.stot.de", "last sale of the day"),
["ie"] = ProtoField.string("fiscald.posnet.stot.ie", "last sale of the day"),
["ft"] = ProtoField.string("fiscald.posnet.stot.ft", "not known"),
["fl"] = ProtoField.string("fiscald.posnet.stot.fl", "not known"),
["nf"] = ProtoField.string("fiscald.posnet.stot.nf", "non-fiscal printouts of the day"),
["bc"] = ProtoField.string("fiscald.posnet.stot.bc", "not known"),
["le"] = ProtoField.string("fiscald.posnet.stot.le", "not known"),
["oe"] = ProtoField.string("fiscald.posnet.stot.oe", "not known"),
["tf"] = ProtoField.string("fiscald.posnet.stot.tf", "not known"),
} },
["eclastdocnoget"] = { meaning = "last document in the protected memory", fields = {
["ty"] = ProtoField.string("fiscald.posnet.eclastdocnoget.ty", "type of document"),
["di"] = ProtoField.string("fiscald.posnet.eclastdocnoget.di", "its number"),
} },
["sdev"] = { meaning = "device state", fields = {
["ds"] = ProtoField.string("fiscald.posnet.sdev.ds", "0 ready, 1 menu, 2 waits for a key, 3 waits for a person"),
["cp"] = ProtoField.string("fiscald.posnet.sdev.cp", "charger connected"),
["qe"] = ProtoField.string("fiscald.posnet.sdev.qe", "queue empty"),
["pe"] = ProtoField.string("fiscald.posnet.sdev.pe", "paper near its end"),
} },
["sprn"] = { meaning = "printing mechanism", fields = {
["pr"] = ProtoField.string("fiscald.posnet.sprn.pr", "0 good, 1 lever raised, 2 no access, 3 cover open, 4 no paper (copy), 5 no paper, 6 temperature or supply, 7 power failed, 8 cutter, 9 power supply, 10 cover open while cutting"),
} },
["rtcget"] = { meaning = "read the clock", fields = {
["da"] = ProtoField.string("fiscald.posnet.rtcget.da", "printer's time"),
["tm"] = ProtoField.string("fiscald.posnet.rtcget.tm", "printer's time with offset"),
} },
["rtcset"] = { meaning = "set the clock", fields = {
["da"] = ProtoField.string("fiscald.posnet.rtcset.da", "new time"),
} },
["vatget"] = { meaning = "read the rates", fields = {
["va"] = ProtoField.string("fiscald.posnet.vatget.va", "rate A"),
["vb"] = ProtoField.string("fiscald.posnet.vatget.vb", "rate B"),
["vc"] = ProtoField.string("fiscald.posnet.vatget.vc", "rate C"),
["vd"] = ProtoField.string("fiscald.posnet.vatget.vd", "rate D"),
["ve"] = ProtoField.string("fiscald.posnet.vatget.ve", "rate E"),
["vf"] = ProtoField.string("fiscald.posnet.vatget.vf", "rate F"),
["vg"] = ProtoField.string("fiscald.posnet.vatget.vg", "rate G"),
} },
["vatset"] = { meaning = "set the rates", fields = {
["va"] = ProtoField.string("fiscald.posnet.vatset.va", "rate A"),
["vb"] = ProtoField.string("fiscald.posnet.vatset.vb", "rate B"),
["vc"] = ProtoField.string("fiscald.posnet.vatset.vc", "rate C"),
["vd"] = ProtoField.string("fiscald.posnet.vatset.vd", "rate D"),
["ve"] = ProtoField.string("fiscald.posnet.vatset.ve", "rate E"),
["vf"] = ProtoField.string("fiscald.posnet.vatset.vf", "rate F"),
["vg"] = ProtoField.string("fiscald.posnet.vatset.vg", "rate G"),
["da"] = ProtoField.string("fiscald.posnet.vatset.da", "date"),
} },
["sid"] = { meaning = "model and firmware", fields = {
["nm"] = ProtoField.string("fiscald.posnet.sid.nm", "model"),
["vr"] = ProtoField.string("fiscald.posnet.sid.vr", "firmware"),
} },
["getrealid"] = { meaning = "identity", fields = {
["nm"] = ProtoField.string("fiscald.posnet.getrealid.nm", "model"),
["vr"] = ProtoField.string("fiscald.posnet.getrealid.vr", "firmware"),
["nu"] = ProtoField.string("fiscald.posnet.getrealid.nu", "unique number"),
} },
["auth"] = { meaning = "enter an authorisation code", fields = {
["co"] = ProtoField.string("fiscald.posnet.auth.co", "code"),
} },
["authstateget"] = { meaning = "days of authorisation left", fields = {
["il"] = ProtoField.string("fiscald.posnet.authstateget.il", "days"),
} },
["maintenance"] = { meaning = "set the date of the service inspection", fields = {
["da"] = ProtoField.string("fiscald.posnet.maintenance.da", "date"),
["te"] = ProtoField.string("fiscald.posnet.maintenance.te", "text"),
} },
["fiscalize"] = { meaning = "put into fiscal mode", fields = {
["ni"] = ProtoField.string("fiscald.posnet.fiscalize.ni", "seller's NIP"),
} },
["currrateget"] = { meaning = "read the exchange rate", fields = {
["na"] = ProtoField.string("fiscald.posnet.currrateget.na", "currency"),
["di"] = ProtoField.string("fiscald.posnet.currrateget.di", "direction"),
["on"] = ProtoField.string("fiscald.posnet.currrateget.on", "in use"),
["ra"] = ProtoField.string("fiscald.posnet.currrateget.ra", "rate"),
} },
["hdrset"] = { meaning = "set the header", fields = {
["tx"] = ProtoField.string("fiscald.posnet.hdrset.tx", "text"),
["pr"] = ProtoField.string("fiscald.posnet.hdrset.pr", "print a confirmation"),
} },
["hdrget"] = { meaning = "read the header", fields = {
["tx"] = ProtoField.string("fiscald.posnet.hdrget.tx", "text"),
} },
["ftrinfoset"] = { meaning = "set the footer", fields = {
["tx"] = ProtoField.string("fiscald.posnet.ftrinfoset.tx", "text"),
["lb"] = ProtoField.string("fiscald.posnet.ftrinfoset.lb", "0 next receipt only, 1 all receipts"),
} },
["ftrinfoget"] = { meaning = "read the footer", fields = {
["tx"] = ProtoField.string("fiscald.posnet.ftrinfoget.tx", "text"),
} },
["ftrcfg"] = { meaning = "settings of the next printout", fields = {
["cc"] = ProtoField.string("fiscald.posnet.ftrcfg.cc", "cashier"),
["cn"] = ProtoField.string("fiscald.posnet.ftrcfg.cn", "till"),
["ca"] = ProtoField.string("fiscald.posnet.ftrcfg.ca", "keep cashier and till"),
["sn"] = ProtoField.string("fiscald.posnet.ftrcfg.sn", "system number"),
["bc"] = ProtoField.string("fiscald.posnet.ftrcfg.bc", "bar code"),
["ln"] = ProtoField.string("fiscald.posnet.ftrcfg.ln", "lines of the footer"),
["lb"] = ProtoField.string("fiscald.posnet.ftrcfg.lb", "0 next receipt only, 1 all receipts"),
["fe"] = ProtoField.string("fiscald.posnet.ftrcfg.fe", "how the paper ends"),
["bb"] = ProtoField.string("fiscald.posnet.ftrcfg.bb", "place of the 2D code"),
} },
["dsptxtline"] = { meaning = "text on a display", fields = {
["id"] = ProtoField.string("fiscald.posnet.dsptxtline.id", "0 customer, 1 operator"),
["no"] = ProtoField.string("fiscald.posnet.dsptxtline.no", "line"),
["ln"] = ProtoField.string("fiscald.posnet.dsptxtline.ln", "text"),
} },
["dsptxt"] = { meaning = "text on a display", fields = {
} },
["dspcmd"] = { meaning = "command to a display", fields = {
} },
["dspcfg"] = { meaning = "settings of a display", fields = {
["id"] = ProtoField.string("fiscald.posnet.dspcfg.id", "0 customer, 1 operator"),
["co"] = ProtoField.string("fiscald.posnet.dspcfg.co", "contrast"),
["lu"] = ProtoField.string("fiscald.posnet.dspcfg.lu", "brightness"),
["ls"] = ProtoField.string("fiscald.posnet.dspcfg.ls", "backlight"),
["od"] = ProtoField.string("fiscald.posnet.dspcfg.od", "delay in seconds"),
} },
["dspmode"] = { meaning = "mode of the display", fields = {
} },
["opendrwr"] = { meaning = "open the drawer", fields = {
} },
["papfeed"] = { meaning = "feed paper", fields = {
["ln"] = ProtoField.string("fiscald.posnet.papfeed.ln", "lines"),
} },
["prncfgset"] = { meaning = "settings of the printing", fields = {
["nf"] = ProtoField.string("fiscald.posnet.prncfgset.nf", "setting"),
} },
["papersavecfg"] = { meaning = "settings of paper saving", fields = {
["ps"] = ProtoField.string("fiscald.posnet.papersavecfg.ps", "setting"),
} },
["beep"] = { meaning = "beep", fields = {
} },
["pccfgget"] = { meaning = "read the computer's port", fields = {
["cp"] = ProtoField.string("fiscald.posnet.pccfgget.cp", "code page"),
["id"] = ProtoField.string("fiscald.posnet.pccfgget.id", "kind of port"),
["no"] = ProtoField.string("fiscald.posnet.pccfgget.no", "number"),
["pr"] = ProtoField.string("fiscald.posnet.pccfgget.pr", "protocol"),
} },
["login"] = { meaning = "log a cashier in", fields = {
["na"] = ProtoField.string("fiscald.posnet.login.na", "cashier"),
["nk"] = ProtoField.string("fiscald.posnet.login.nk", "till"),
["dr"] = ProtoField.string("fiscald.posnet.login.dr", "print a slip"),
} },
["logout"] = { meaning = "log the cashier out", fields = {
["na"] = ProtoField.string("fiscald.posnet.logout.na", "cashier"),
["nk"] = ProtoField.string("fiscald.posnet.logout.nk", "till"),
} },
["cash"] = { meaning = "pay-in or pay-out", fields = {
["kw"] = ProtoField.string("fiscald.posnet.cash.kw", "amount"),
["wp"] = ProtoField.string("fiscald.posnet.cash.wp", "pay-in"),
} },
["stocash"] = { meaning = "goods return", fields = {
["kw"] = ProtoField.string("fiscald.posnet.stocash.kw", "amount"),
} },
["trinit"] = { meaning = "open a receipt", fields = {
["bm"] = ProtoField.string("fiscald.posnet.trinit.bm", "block mode"),
} },
["trnipset"] = { meaning = "buyer's NIP", fields = {
["ni"] = ProtoField.string("fiscald.posnet.trnipset.ni", "NIP"),
["dw"] = ProtoField.string("fiscald.posnet.trnipset.dw", "wide"),
["ds"] = ProtoField.string("fiscald.posnet.trnipset.ds", "caption"),
} },
["trline"] = { meaning = "sell or reverse a line", fields = {
["na"] = ProtoField.string("fiscald.posnet.trline.na", "name"),
["vt"] = ProtoField.string("fiscald.posnet.trline.vt", "rate"),
["pr"] = ProtoField.string("fiscald.posnet.trline.pr", "price"),
["st"] = ProtoField.string("fiscald.posnet.trline.st", "reversed"),
["il"] = ProtoField.string("fiscald.posnet.trline.il", "quantity"),
["wa"] = ProtoField.string("fiscald.posnet.trline.wa", "value"),
["jm"] = ProtoField.string("fiscald.posnet.trline.jm", "unit"),
["op"] = ProtoField.string("fiscald.posnet.trline.op", "description"),
["rd"] = ProtoField.string("fiscald.posnet.trline.rd", "discount"),
["rn"] = ProtoField.string("fiscald.posnet.trline.rn", "name of the discount"),
["rp"] = ProtoField.string("fiscald.posnet.trline.rp", "percentage"),
["rw"] = ProtoField.string("fiscald.posnet.trline.rw", "amount of the discount"),
} },
["trdiscntsubtot"] = { meaning = "discount or surcharge on the subtotal", fields = {
["na"] = ProtoField.string("fiscald.posnet.trdiscntsubtot.na", "name"),
["rd"] = ProtoField.string("fiscald.posnet.trdiscntsubtot.rd", "discount"),
["rw"] = ProtoField.string("fiscald.posnet.trdiscntsubtot.rw", "amount"),
["rp"] = ProtoField.string("fiscald.posnet.trdiscntsubtot.rp", "percentage"),
} },
["trdiscntbill"] = { meaning = "discount or surcharge on the bill", fields = {
["na"] = ProtoField.string("fiscald.posnet.trdiscntbill.na", "name"),
["rd"] = ProtoField.string("fiscald.posnet.trdiscntbill.rd", "discount"),
["rw"] = ProtoField.string("fiscald.posnet.trdiscntbill.rw", "amount"),
["rp"] = ProtoField.string("fiscald.posnet.trdiscntbill.rp", "percentage"),
} },
["trdiscntvat"] = { meaning = "discount or surcharge on one rate", fields = {
["vt"] = ProtoField.string("fiscald.posnet.trdiscntvat.vt", "rate"),
["na"] = ProtoField.string("fiscald.posnet.trdiscntvat.na", "name"),
["rd"] = ProtoField.string("fiscald.posnet.trdiscntvat.rd", "discount"),
["rw"] = ProtoField.string("fiscald.posnet.trdiscntvat.rw", "amount"),
["rp"] = ProtoField.string("fiscald.posnet.trdiscntvat.rp", "percentage"),
} },
["trdiscntpromo"] = { meaning = "promotion in one rate", fields = {
["rw"] = ProtoField.string("fiscald.posnet.trdiscntpromo.rw", "amount"),
["vt"] = ProtoField.string("fiscald.posnet.trdiscntpromo.vt", "rate"),
["na"] = ProtoField.string("fiscald.posnet.trdiscntpromo.na", "name"),
["st"] = ProtoField.string("fiscald.posnet.trdiscntpromo.st", "reversed"),
} },
["trpayment"] = { meaning = "payment or change", fields = {
["ty"] = ProtoField.string("fiscald.posnet.trpayment.ty", "form of payment"),
["wa"] = ProtoField.string("fiscald.posnet.trpayment.wa", "amount"),
["na"] = ProtoField.string("fiscald.posnet.trpayment.na", "name"),
["re"] = ProtoField.string("fiscald.posnet.trpayment.re", "change"),
} },
["trpaymentcurr"] = { meaning = "payment in another currency", fields = {
["wc"] = ProtoField.string("fiscald.posnet.trpaymentcurr.wc", "amount in that currency"),
["wa"] = ProtoField.string("fiscald.posnet.trpaymentcurr.wa", "amount"),
["ra"] = ProtoField.string("fiscald.posnet.trpaymentcurr.ra", "exchange rate"),
["sb"] = ProtoField.string("fiscald.posnet.trpaymentcurr.sb", "currency"),
["na"] = ProtoField.string("fiscald.posnet.trpaymentcurr.na", "name"),
["re"] = ProtoField.string("fiscald.posnet.trpaymentcurr.re", "change"),
} },
["trpack"] = { meaning = "returnable packaging", fields = {
["na"] = ProtoField.string("fiscald.posnet.trpack.na", "number"),
["ne"] = ProtoField.string("fiscald.posnet.trpack.ne", "returned"),
["st"] = ProtoField.string("fiscald.posnet.trpack.st", "reversed"),
["pr"] = ProtoField.string("fiscald.posnet.trpack.pr", "price"),
["il"] = ProtoField.string("fiscald.posnet.trpack.il", "quantity"),
["wa"] = ProtoField.string("fiscald.posnet.trpack.wa", "value"),
["de"] = ProtoField.string("fiscald.posnet.trpack.de", "description"),
} },
["trpackinit"] = { meaning = "open a packaging transaction", fields = {
} },
["trpackprnend"] = { meaning = "packaging in the footer", fields = {
["na"] = ProtoField.string("fiscald.posnet.trpackprnend.na", "number"),
["ne"] = ProtoField.string("fiscald.posnet.trpackprnend.ne", "returned"),
["st"] = ProtoField.string("fiscald.posnet.trpackprnend.st", "reversed"),
["pr"] = ProtoField.string("fiscald.posnet.trpackprnend.pr", "price"),
["il"] = ProtoField.string("fiscald.posnet.trpackprnend.il", "quantity"),
["wa"] = ProtoField.string("fiscald.posnet.trpackprnend.wa", "value"),
["de"] = ProtoField.string("fiscald.posnet.trpackprnend.de", "description"),
} },
["trend"] = { meaning = "close the receipt", fields = {
["to"] = ProtoField.string("fiscald.posnet.trend.to", "total"),
["op"] = ProtoField.string("fiscald.posnet.trend.op", "packaging given out"),
["om"] = ProtoField.string("fiscald.posnet.trend.om", "packaging returned"),
["re"] = ProtoField.string("fiscald.posnet.trend.re", "change"),
["fp"] = ProtoField.string("fiscald.posnet.trend.fp", "payments"),
["fe"] = ProtoField.string("fiscald.posnet.trend.fe", "finish the footer"),
} },
["trftrln"] = { meaning = "line of the footer", fields = {
["id"] = ProtoField.string("fiscald.posnet.trftrln.id", "kind of line"),
["na"] = ProtoField.string("fiscald.posnet.trftrln.na", "text"),
["sw"] = ProtoField.string("fiscald.posnet.trftrln.sw", "double width"),
["sh"] = ProtoField.string("fiscald.posnet.trftrln.sh", "double height"),
} },
["trftrend"] = { meaning = "finish the footer", fields = {
} },
["prncancel"] = { meaning = "cancel what is open", fields = {
} },
["trcancel"] = { meaning = "cancel the transaction", fields = {
} },
["qrcode"] = { meaning = "QR code for the next printout", fields = {
["px"] = ProtoField.string("fiscald.posnet.qrcode.px", "module size"),
["el"] = ProtoField.string("fiscald.posnet.qrcode.el", "error correction"),
["hx"] = ProtoField.string("fiscald.posnet.qrcode.hx", "text is hexadecimal"),
["tx"] = ProtoField.string("fiscald.posnet.qrcode.tx", "content"),
} },
["azteccode"] = { meaning = "Aztec code for the next printout", fields = {
["px"] = ProtoField.string("fiscald.posnet.azteccode.px", "module size"),
["el"] = ProtoField.string("fiscald.posnet.azteccode.el", "error correction"),
["hx"] = ProtoField.string("fiscald.posnet.azteccode.hx", "text is hexadecimal"),
["tx"] = ProtoField.string("fiscald.posnet.azteccode.tx", "content"),
} },
["dmcode"] = { meaning = "Data Matrix code for the next printout", fields = {
["px"] = ProtoField.string("fiscald.posnet.dmcode.px", "module size"),
["el"] = ProtoField.string("fiscald.posnet.dmcode.el", "error correction"),
["hx"] = ProtoField.string("fiscald.posnet.dmcode.hx", "text is hexadecimal"),
["tx"] = ProtoField.string("fiscald.posnet.dmcode.tx", "content"),
} },
["pdf417code"] = { meaning = "PDF417 code for the next printout", fields = {
["px"] = ProtoField.string("fiscald.posnet.pdf417code.px", "module size"),
["el"] = ProtoField.string("fiscald.posnet.pdf417code.el", "error correction"),
["hx"] = ProtoField.string("fiscald.posnet.pdf417code.hx", "text is hexadecimal"),
["tx"] = ProtoField.string("fiscald.posnet.pdf417code.tx", "content"),
} },
["eparagonidznext"] = { meaning = "e-receipt for the next document", fields = {
["id"] = ProtoField.string("fiscald.posnet.eparagonidznext.id", "customer's identifier"),
["ha"] = ProtoField.string("fiscald.posnet.eparagonidznext.ha", "the document's identifier"),
} },
["eparagonidzcancel"] = { meaning = "no e-receipt after all", fields = {
} },
["eparagonbufferget"] = { meaning = "state of an e-receipt", fields = {
["hd"] = ProtoField.string("fiscald.posnet.eparagonbufferget.hd", "the document's identifier"),
["pr"] = ProtoField.string("fiscald.posnet.eparagonbufferget.pr", "printed on paper"),
["st"] = ProtoField.string("fiscald.posnet.eparagonbufferget.st", "state of delivery"),
} },
["trfvinit"] = { meaning = "open an invoice", fields = {
["nb"] = ProtoField.string("fiscald.posnet.trfvinit.nb", "number"),
["ni"] = ProtoField.string("fiscald.posnet.trfvinit.ni", "buyer's NIP"),
["na"] = ProtoField.string("fiscald.posnet.trfvinit.na", "buyer"),
["pd"] = ProtoField.string("fiscald.posnet.trfvinit.pd", "payment date"),
["pt"] = ProtoField.string("fiscald.posnet.trfvinit.pt", "form of payment"),
["sc"] = ProtoField.string("fiscald.posnet.trfvinit.sc", "customer's person"),
["ss"] = ProtoField.string("fiscald.posnet.trfvinit.ss", "seller's person"),
["cc"] = ProtoField.string("fiscald.posnet.trfvinit.cc", "extra copies"),
["ps"] = ProtoField.string("fiscald.posnet.trfvinit.ps", "signature fields"),
["co"] = ProtoField.string("fiscald.posnet.trfvinit.co", "original and copy"),
["cm"] = ProtoField.string("fiscald.posnet.trfvinit.cm", "print the copy"),
["fo"] = ProtoField.string("fiscald.posnet.trfvinit.fo", "wide paper"),
["nm"] = ProtoField.string("fiscald.posnet.trfvinit.nm", "title"),
["ln"] = ProtoField.string("fiscald.posnet.trfvinit.ln", "width of non-fiscal lines"),
["fn"] = ProtoField.string("fiscald.posnet.trfvinit.fn", "width of fiscal lines"),
} },
["trfvbuyer"] = { meaning = "buyer of the invoice", fields = {
["na"] = ProtoField.string("fiscald.posnet.trfvbuyer.na", "name"),
["ni"] = ProtoField.string("fiscald.posnet.trfvbuyer.ni", "NIP"),
["ad"] = ProtoField.string("fiscald.posnet.trfvbuyer.ad", "address"),
["sc"] = ProtoField.string("fiscald.posnet.trfvbuyer.sc", "section"),
["at"] = ProtoField.string("fiscald.posnet.trfvbuyer.at", "attributes"),
} },
["trfvnumber"] = { meaning = "number of the invoice", fields = {
["nb"] = ProtoField.string("fiscald.posnet.trfvnumber.nb", "number"),
["sc"] = ProtoField.string("fiscald.posnet.trfvnumber.sc", "section"),
["at"] = ProtoField.string("fiscald.posnet.trfvnumber.at", "attributes"),
} },
["trfvfreedata"] = { meaning = "free text of the invoice", fields = {
["tx"] = ProtoField.string("fiscald.posnet.trfvfreedata.tx", "text"),
["sc"] = ProtoField.string("fiscald.posnet.trfvfreedata.sc", "section"),
} },
["formstart"] = { meaning = "open a non-fiscal form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formstart.fn", "form"),
["fh"] = ProtoField.string("fiscald.posnet.formstart.fh", "heading"),
["al"] = ProtoField.string("fiscald.posnet.formstart.al", "text of the heading"),
} },
["formline"] = { meaning = "line of the form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formline.fn", "form"),
["fl"] = ProtoField.string("fiscald.posnet.formline.fl", "kind of line"),
["s1"] = ProtoField.string("fiscald.posnet.formline.s1", "first text"),
["s2"] = ProtoField.string("fiscald.posnet.formline.s2", "second text"),
["sw"] = ProtoField.string("fiscald.posnet.formline.sw", "double width"),
["sh"] = ProtoField.string("fiscald.posnet.formline.sh", "double height"),
} },
["formcmd"] = { meaning = "empty or separating line of the form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formcmd.fn", "form"),
["cm"] = ProtoField.string("fiscald.posnet.formcmd.cm", "0 empty, 1 separator"),
} },
["formbarcode"] = { meaning = "bar code of the form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formbarcode.fn", "form"),
["bc"] = ProtoField.string("fiscald.posnet.formbarcode.bc", "content"),
} },
["formformattedline"] = { meaning = "formatted line of the form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formformattedline.fn", "form"),
["s1"] = ProtoField.string("fiscald.posnet.formformattedline.s1", "text"),
["ma"] = ProtoField.string("fiscald.posnet.formformattedline.ma", "mask"),
} },
["formtinyline"] = { meaning = "line of the form in small letters", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formtinyline.fn", "form"),
["s1"] = ProtoField.string("fiscald.posnet.formtinyline.s1", "text"),
} },
["formend"] = { meaning = "end of the form", fields = {
["fn"] = ProtoField.string("fiscald.posnet.formend.fn", "form"),
} },
["dailyrep"] = { meaning = "daily report", fields = {
["da"] = ProtoField.string("fiscald.posnet.dailyrep.da", "date"),
} },
["monthlyrep"] = { meaning = "monthly report", fields = {
["da"] = ProtoField.string("fiscald.posnet.monthlyrep.da", "day of the month"),
["su"] = ProtoField.string("fiscald.posnet.monthlyrep.su", "summary only"),
} },
["periodicrepbydates"] = { meaning = "periodic report", fields = {
["fd"] = ProtoField.string("fiscald.posnet.periodicrepbydates.fd", "from"),
["td"] = ProtoField.string("fiscald.posnet.periodicrepbydates.td", "to"),
["su"] = ProtoField.string("fiscald.posnet.periodicrepbydates.su", "summary only"),
} },
["shiftrep"] = { meaning = "shift report", fields = {
["sh"] = ProtoField.string("fiscald.posnet.shiftrep.sh", "shift"),
["zr"] = ProtoField.string("fiscald.posnet.shiftrep.zr", "reset the shift"),
} },
["cashstaterep"] = { meaning = "cash report", fields = {
} },
["dbchkstart"] = { meaning = "begin a check of the goods base", fields = {
["ty"] = ProtoField.string("fiscald.posnet.dbchkstart.ty", "type"),
} },
["dbchkplu"] = { meaning = "may this name be sold at this rate", fields = {
["vt"] = ProtoField.string("fiscald.posnet.dbchkplu.vt", "rate"),
["na"] = ProtoField.string("fiscald.posnet.dbchkplu.na", "name"),
} },
["dbchkend"] = { meaning = "end of the check", fields = {
} },
["rpt"] = { meaning = "repeat an answer", fields = {
} },
["ERR"] = { meaning = "frame refused", fields = {
} },
}
family.common = {
["@"] = ProtoField.string("fiscald.posnet._40", "token"),
["?"] = ProtoField.string("fiscald.posnet._3f", "error"),
["cm"] = ProtoField.string("fiscald.posnet.cm", "command refused"),
["fd"] = ProtoField.string("fiscald.posnet.fd", "field refused"),
}
family.errors = {
["frame 1"] = { "frame 1 PROTO_ERR_CMD_UNKNOWN", "the printer has no command of this name", "błąd programu: drukarka nie zna tego polecenia" },
["frame 2"] = { "frame 2 PROTO_ERR_CMD_MANDATORY_FIELDS", "the command lacks a required field", "błąd programu: w poleceniu dla drukarki brakuje danych" },
["frame 3"] = { "frame 3 PROTO_ERR_DATA_CONVERSION", "a field does not parse (such as a decimal comma where hundredths belong) or is out of range", "błąd programu: wartość w poleceniu dla drukarki jest niepoprawna" },
["frame 4"] = { "frame 4 PROTO_ERR_TOKEN_INVALID", "the token is not valid", "błąd programu: niepoprawny znacznik polecenia" },
["frame 5"] = { "frame 5 PROTO_ERR_CRC_INVALID", "the checksum does not fit the frame", "zakłócenia w połączeniu z drukarką; sprawdź kabel" },
["frame 6"] = { "frame 6 PROTO_ERR_FLD_INVALID", "malformed frame: a field without a name, or an empty one", "błąd programu: puste lub nienazwane pole w poleceniu dla drukarki" },
["frame 7"] = { "frame 7 PROTO_ERR_CMD_LENGTH", "the command's name is not of a permitted length", "błąd programu: nazwa polecenia ma niedozwoloną długość" },
["frame 8"] = { "frame 8 PROTO_ERR_TOKEN_LENGTH", "the token does not have four digits", "zakłócenia w połączeniu z drukarką (znacznik polecenia); sprawdź kabel" },
["frame 9"] = { "frame 9 PROTO_ERR_CRC_LENGTH", "the checksum does not have four digits", "zakłócenia w połączeniu z drukarką (suma kontrolna); sprawdź kabel" },
["frame 10"] = { "frame 10 PROTO_ERR_DATA_LENGTH", "a field's value is not of a permitted length", "błąd programu: dane w poleceniu dla drukarki mają niedozwoloną długość" },
["frame 11"] = { "frame 11 PROTO_ERR_INPUT_BUFFER_OVERRUN", "the receive buffer overflowed", "drukarka nie nadąża z odbiorem danych; poczekaj chwilę" },
["frame 12"] = { "frame 12 PROTO_ERR_CMD_IMMEDIATE_FORBIDDEN", "this command may not be sent with \"!\" ahead of the queue", "błąd programu: tego polecenia nie wolno wysłać poza kolejką" },
["frame 13"] = { "frame 13 PROTO_ERR_TOKEN_NOT_FOUND", "repetition refused: no command with this token has arrived", "wcześniejsze polecenie nie dotarło do drukarki" },
["frame 14"] = { "frame 14 PROTO_ERR_INPUT_QUEUE_FULL", "no room left in the queue of waiting commands", "drukarka jest zajęta, kolejka poleceń jest pełna; poczekaj chwilę" },
["frame 15"] = { "frame 15 PROTO_ERR_SYNTAX", "malformed frame: no checksum, or not built as a frame", "błąd programu: polecenie dla drukarki jest źle zbudowane" },
["10"] = { "10 ERR_CANCEL", "interrupted at the printer (number of older firmware)", "czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany" },
["30"] = { "30", "interrupted at the printer (number of newer firmware)", "czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany" },
["50"] = { "50 ERR_UNKN", "internal fault, origin not known", "nieznany błąd wewnętrzny drukarki; wezwij serwis" },
["51"] = { "51 ERR_ASSERT_FM", "internal fault in the fiscal memory module", "błąd wewnętrzny modułu pamięci fiskalnej; wezwij serwis" },
["52"] = { "52 ERR_ASSERT_DB", "internal fault in the database", "błąd wewnętrzny bazy danych drukarki; wezwij serwis" },
["53"] = { "53 ERR_ASSERT_SALE", "internal fault in the sale module", "błąd wewnętrzny modułu sprzedaży drukarki; wezwij serwis" },
["54"] = { "54 ERR_ASSERT_UI", "internal fault in the user interface", "błąd wewnętrzny klawiatury lub wyświetlacza drukarki; wezwij serwis" },
["55"] = { "55 ERR_ASSERT_CFG", "internal fault in the configuration module", "błąd wewnętrzny ustawień drukarki; wezwij serwis" },
["56"] = { "56", "internal fault, module not stated", "błąd wewnętrzny drukarki; wezwij serwis" },
["323"] = { "323 ERR_OPER_BLOCKED", "the printer's settings lock this function", "ta funkcja jest zablokowana w ustawieniach drukarki" },
["360"] = { "360 ERR_SERVICE_SWITCH_FOUND", "the service jumper is fitted", "w drukarce jest założona zwora serwisowa; wezwij serwis" },
["361"] = { "361 ERR_SERVICE_SWITCH_NOT_FOUND", "the service jumper is not fitted", "w drukarce nie ma zwory serwisowej; wezwij serwis" },
["362"] = { "362 ERR_SERVICE_KEY_DATA", "the service key's data did not pass the check", "klucz serwisowy nie został rozpoznany; wezwij serwis" },
["363"] = { "363 ERR_SERVICE_KEY_TIMEOUT", "no timely answer from the service key", "klucz serwisowy nie odpowiada; wezwij serwis" },
["364"] = { "364", "the password breaks the rules for passwords", "hasło nie spełnia wymagań drukarki" },
["365"] = { "365", "this is not the password stored in the printer", "błędne hasło drukarki" },
["382"] = { "382 ERR_RD_ZERO", "daily report refused because it would be zero", "raport dobowy byłby zerowy: od poprzedniego nie było sprzedaży" },
["383"] = { "383 ERR_RD_NOT_PRINTED", "a daily report is due and has to come first", "najpierw wykonaj zaległy raport dobowy" },
["384"] = { "384 ERR_FM_NO_REC", "the memory holds no such record", "w pamięci drukarki nie ma takiego zapisu" },
["400"] = { "400 ERR_WRONG_VALUE", "a value is not acceptable", "drukarka nie przyjęła podanej wartości" },
["404"] = { "404", "the control code keyed in is not right", "wpisany kod kontrolny jest błędny" },
["460"] = { "460 ERR_CLOCK_RTC_FSK", "clock fault while in fiscal mode", "błąd zegara drukarki w trybie fiskalnym; wezwij serwis" },
["461"] = { "461 ERR_CLOCK_RTC_NFSK", "clock fault while in non-fiscal mode", "błąd zegara drukarki w trybie niefiskalnym; wezwij serwis" },
["480"] = { "480 ERR_AUTH_AUTHORIZED", "no authorisation needed, the printer has one for good", "drukarka jest już autoryzowana bezterminowo" },
["481"] = { "481 ERR_AUTH_NOT_STARTED", "authorisation has not begun", "autoryzacja drukarki jeszcze się nie rozpoczęła" },
["482"] = { "482 ERR_AUTH_WAS_ADDED", "the printer has had this authorisation code before", "ten kod autoryzacyjny był już wpisany" },
["483"] = { "483 ERR_AUTH_DAY_CNT", "the values given for the authorisation are wrong", "błędne dane autoryzacji drukarki" },
["484"] = { "484 ERR_AUTH_BLOCKED", "the authorised time has run out, no sale until a code is entered", "skończył się czas autoryzacji, sprzedaż zablokowana; wpisz kod autoryzacyjny" },
["485"] = { "485 ERR_AUTH_BAD_CODE", "the authorisation code is not right", "błędny kod autoryzacyjny" },
["486"] = { "486 ERR_AUTH_TOO_MANY_WRONG_CODES", "locked after too many wrong codes, key the authorisation code in at the printer", "autoryzacja zablokowana; wpisz kod na klawiaturze drukarki" },
["487"] = { "487", "all authorisation codes are used up", "wykorzystano wszystkie kody autoryzacyjne; wezwij serwis" },
["499"] = { "499", "the printer is set to the Thermal protocol, set it to POSNET", "w drukarce jest włączony protokół Thermal; przełącz ją na protokół POSNET" },
["500"] = { "500 ERR_STAT_MIN_OVF", "a statistic would pass its lower limit", "przekroczony dolny zakres statystyk drukarki" },
["501"] = { "501 ERR_STAT_MAX_OVF", "a statistic would pass its upper limit", "przekroczony górny zakres statystyk drukarki" },
["502"] = { "502 ERR_CASH_IN_MAX_OVF", "the cash state would exceed its range", "stan gotówki w drukarce przekroczyłby dopuszczalny zakres" },
["503"] = { "503 ERR_CASH_OUT_BELOW_0", "more cash taken out than the printer has on record, its cash state becomes zero", "wypłata jest większa niż stan gotówki w drukarce; stan zostaje wyzerowany" },
["700"] = { "700 ERR_INVALID_IP_ADDR", "not a valid IP address", "niepoprawny adres IP w ustawieniach drukarki" },
["701"] = { "701 ERR_INVALID_TONE_NUMBER", "there is no tone with this number", "niepoprawny numer dźwięku" },
["702"] = { "702 ERR_ILLEGAL_DRAWER_IMPULSE_LEN", "not a valid length of the drawer pulse", "niepoprawna długość impulsu otwarcia szuflady" },
["703"] = { "703 ERR_ILLEGAL_VAT_RATE", "not a valid VAT rate in the settings", "niepoprawna stawka PTU w ustawieniach drukarki" },
["704"] = { "704 ERR_INVALID_LOGOUT_TIME", "not a valid time until log-out", "niepoprawny czas do wylogowania kasjera" },
["705"] = { "705 ERR_INVALID_SLEEP_TIME", "not a valid time until sleep", "niepoprawny czas do uśpienia drukarki" },
["706"] = { "706 ERR_INVALID_TURNOFF_TIME", "not a valid time until switch-off", "niepoprawny czas do wyłączenia drukarki" },
["713"] = { "713 ERR_CONFIG_SET", "the settings sent are not valid", "niepoprawne ustawienia drukarki" },
["714"] = { "714 ERR_ILLEGAL_DSP_CONTRAST", "not a valid contrast for the display", "niepoprawny kontrast wyświetlacza" },
["715"] = { "715 ERR_ILLEGAL_DSP_LUMIN", "not a valid brightness for the backlight", "niepoprawna jasność podświetlenia wyświetlacza" },
["716"] = { "716 ERR_ILLEGAL_DSP_OFF_DELAY", "not a valid delay until the backlight goes off", "niepoprawny czas do wygaszenia podświetlenia" },
["717"] = { "717 ERR_LINE_TOO_LONG", "a line of the header or footer has too many characters", "wiersz nagłówka lub stopki jest za długi" },
["718"] = { "718 ERR_ILLEGAL_COMM_CFG", "the communication settings are not valid", "niepoprawne ustawienia komunikacji drukarki" },
["719"] = { "719 ERR_ILLEGAL_PROTOCOL_CFG", "the settings of the communication protocol are not valid", "niepoprawne ustawienia protokołu komunikacji" },
["720"] = { "720 ERR_ILLEGAL_PORT", "there is no port with this id", "drukarka nie ma takiego portu" },
["721"] = { "721 ERR_ILLEGAL_INFO_TXT_NUM", "there is no advertising text with this number", "niepoprawny numer tekstu reklamowego" },
["722"] = { "722 ERR_ILLEGAL_TIME_DIFF", "the time is not within its permitted range", "czas wykracza poza dozwolony przedział" },
["723"] = { "723 ERR_ILLEGAL_TIME", "not a valid date or time", "niepoprawna data lub godzina" },
["724"] = { "724 ERR_ILLEGAL_HOUR_DIFF", "the hours of a time difference have to be 0 to 23", "różnica czasu: godziny muszą być od 0 do 23" },
["726"] = { "726 ERR_ILLEGAL_DSP_LINE_CONTENT", "a display line cannot show this text", "niepoprawny tekst dla wyświetlacza" },
["727"] = { "727 ERR_ILLEGAL_DSP_SCROLL_VALUE", "not a valid scroll value for the display", "niepoprawne przewijanie tekstu na wyświetlaczu" },
["728"] = { "728 ERR_ILLEGAL_PORT_CFG", "the port's settings are not valid", "niepoprawne ustawienia portu" },
["729"] = { "729", "the settings of the transaction monitor are not valid", "niepoprawne ustawienia monitora transakcji" },
["730"] = { "730", "the port belongs to the computer interface already", "port zajęty przez połączenie z komputerem" },
["731"] = { "731", "the port belongs to TCP/IP already", "port zajęty przez TCP/IP" },
["732"] = { "732", "the port belongs to the monitor already", "port zajęty przez monitor" },
["733"] = { "733", "the port is occupied", "port jest zajęty" },
["734"] = { "734", "the port belongs to tunnelling already", "port zajęty przez tunelowanie" },
["738"] = { "738 ERR_ETH_CONFIG", "the Ethernet settings are not valid", "niepoprawne ustawienia sieci Ethernet" },
["739"] = { "739 ERR_ILLEGAL_DSP_ID", "there is no display of this type", "niepoprawny rodzaj wyświetlacza" },
["740"] = { "740 ERR_ILLEGAL_DSP_ID_FOR_OFF_DELAY", "a display of this type has no backlight time to set", "dla tego wyświetlacza nie ustawia się czasu podświetlenia" },
["741"] = { "741", "a time is beyond its limits", "wartość czasu poza dozwolonym zakresem" },
["745"] = { "745", "there is no code page with this number", "niepoprawny numer strony kodowej" },
["746"] = { "746", "the settings of the transaction monitor's frame are not valid", "niepoprawne ustawienia ramki monitora transakcji" },
["747"] = { "747", "not to be had while DHCP is on", "funkcja niedostępna przy włączonym DHCP" },
["748"] = { "748", "without Ethernet transmission there is no DHCP", "funkcja DHCP działa tylko przy transmisji przez Ethernet" },
["752"] = { "752", "the Thermal protocol does not run over TCP/IP", "protokół Thermal nie działa przez TCP/IP" },
["820"] = { "820 ERR_TEST", "the printer did not pass a test", "test drukarki nie powiódł się; wezwij serwis" },
["821"] = { "821 ERR_TEST_NO_CONF", "the option to test is not set up", "testowana opcja nie jest skonfigurowana" },
["857"] = { "857 ERR_DF_DB_NO_MEM", "too little memory to set up the goods base", "za mało pamięci na bazę towarową drukarki; wezwij serwis" },
["1000"] = { "1000 ERR_FATAL_FM", "the fiscal module has failed", "awaria modułu fiskalnego; wezwij serwis" },
["1001"] = { "1001 ERR_FM_NCONN", "the fiscal memory is not connected", "pamięć fiskalna jest odłączona; wezwij serwis" },
["1002"] = { "1002 ERR_FM_WRITE", "the fiscal memory could not be written", "błąd zapisu do pamięci fiskalnej; wezwij serwis" },
["1003"] = { "1003 ERR_FM_UNKN", "a fiscal memory fault that the BIOS specification does not list", "nieznany błąd pamięci fiskalnej; wezwij serwis" },
["1004"] = { "1004 ERR_FM_CHKSUM_CNT", "checksums in the fiscal memory do not match", "błędne sumy kontrolne pamięci fiskalnej; wezwij serwis" },
["1005"] = { "1005 ERR_FM_CTRL_BLK_0", "control block 1 is faulty", "błąd pierwszego bloku kontrolnego pamięci fiskalnej; wezwij serwis" },
["1006"] = { "1006 ERR_FM_CTRL_BLK_1", "control block 2 is faulty", "błąd drugiego bloku kontrolnego pamięci fiskalnej; wezwij serwis" },
["1007"] = { "1007 ERR_FM_BAD_REC_ID", "a fiscal memory record bears a wrong id", "błędne oznaczenie zapisu w pamięci fiskalnej; wezwij serwis" },
["1008"] = { "1008 ERR_FM_DATA_ADDR_INIT", "the start address could not be initialised", "błąd ustawienia adresu początkowego pamięci fiskalnej; wezwij serwis" },
["1009"] = { "1009 ERR_FM_DATA_ADDR_INITED", "the start address has been initialised before", "adres początkowy pamięci fiskalnej jest już ustawiony; wezwij serwis" },
["1010"] = { "1010 ERR_FM_NU_PRESENT", "there is a unique number already", "numer unikatowy jest już zapisany; wezwij serwis" },
["1011"] = { "1011 ERR_FM_NU_NO_PRESENT_FSK", "fiscal mode, yet no unique number", "brak numeru unikatowego w trybie fiskalnym; wezwij serwis" },
["1012"] = { "1012 ERR_FM_NU_WRITE", "the unique number could not be written", "błąd zapisu numeru unikatowego; wezwij serwis" },
["1013"] = { "1013 ERR_FM_NU_FULL", "no room for another unique number", "brak miejsca na numer unikatowy; wezwij serwis" },
["1014"] = { "1014 ERR_FM_NU_LANG", "the unique number names a wrong language", "błędny język w numerze unikatowym; wezwij serwis" },
["1015"] = { "1015 ERR_FM_TIN_CNT", "the memory holds more than a single NIP", "w pamięci jest więcej niż jeden NIP; wezwij serwis" },
["1016"] = { "1016 ERR_FM_READ_ONLY_NFSK", "read-only, yet fiscalisation is not on record", "drukarka tylko do odczytu, bez zapisu fiskalizacji; wezwij serwis" },
["1017"] = { "1017 ERR_FM_CLR_RAM_CNT", "no RAM reset left", "wyczerpana liczba zerowań pamięci RAM; wezwij serwis" },
["1018"] = { "1018 ERR_FM_REP_DAY_CNT", "no daily report left", "wyczerpana liczba raportów dobowych; wezwij serwis" },
["1019"] = { "1019 ERR_FM_VERIFY_NU", "the unique number did not pass the check", "błąd kontroli numeru unikatowego; wezwij serwis" },
["1020"] = { "1020 ERR_FM_VERIFY_STAT", "statistics and daily report disagree", "statystyki nie zgadzają się z raportem dobowym; wezwij serwis" },
["1021"] = { "1021 ERR_FM_VERIFY_NVR_READ", "fiscal memory check: NVR could not be read", "błąd odczytu NVR przy kontroli pamięci fiskalnej; wezwij serwis" },
["1022"] = { "1022 ERR_FM_VERIFY_NVR_WRITE", "fiscal memory check: NVR could not be written", "błąd zapisu NVR przy kontroli pamięci fiskalnej; wezwij serwis" },
["1023"] = { "1023 ERR_FM_CTRL_BLK_2", "the fiscal memory is of the small kind", "w drukarce jest pamięć fiskalna mniejszego typu; wezwij serwis" },
["1024"] = { "1024 ERR_FM_DATA_ADDR_NO_INITED", "the fiscal memory's data area has not been initialised", "obszar danych pamięci fiskalnej nie jest przygotowany; wezwij serwis" },
["1025"] = { "1025 ERR_FM_NU_FORMAT", "the unique number is not of the right format", "błędny format numeru unikatowego; wezwij serwis" },
["1026"] = { "1026 ERR_FM_REC_BAD_CNT", "the fiscal memory has more bad blocks than allowed", "za dużo uszkodzonych bloków pamięci fiskalnej; wezwij serwis" },
["1027"] = { "1027 ERR_FM_NO_BADBLK_MARKER", "a bad block could not be marked as such", "nie udało się oznaczyć uszkodzonego bloku pamięci fiskalnej; wezwij serwis" },
["1028"] = { "1028 ERR_FM_REC_EMPTY", "there is no such fiscal memory record, its place is empty", "brak zapisu w pamięci fiskalnej, obszar jest pusty; wezwij serwis" },
["1029"] = { "1029 ERR_FM_REC_DATE", "the dates of neighbouring fiscal memory records are out of order", "błędna kolejność dat w pamięci fiskalnej; wezwij serwis" },
["1030"] = { "1030", "a daily report's hash could not be read", "błąd odczytu skrótu raportu dobowego; wezwij serwis" },
["1031"] = { "1031", "a daily report's hash could not be written", "błąd zapisu skrótu raportu dobowego; wezwij serwis" },
["1032"] = { "1032", "the data to check a daily report's hash could not be read", "błąd odczytu danych do kontroli skrótu raportu dobowego; wezwij serwis" },
["1033"] = { "1033", "the data to check a daily report's hash could not be written", "błąd zapisu danych do kontroli skrótu raportu dobowego; wezwij serwis" },
["1034"] = { "1034", "the medium's label could not be read", "błąd odczytu etykiety nośnika; wezwij serwis" },
["1035"] = { "1035", "the medium's label could not be written", "błąd zapisu etykiety nośnika; wezwij serwis" },
["1036"] = { "1036", "the electronic copy contradicts itself", "niespójne dane kopii elektronicznej; wezwij serwis" },
["1037"] = { "1037", "the invoice bit area holds wrong data", "błędne dane w obszarze faktur pamięci fiskalnej; wezwij serwis" },
["1038"] = { "1038", "the invoice area should be empty and is not", "obszar faktur pamięci fiskalnej nie jest pusty; wezwij serwis" },
["1039"] = { "1039", "the fiscal memory takes no more invoices", "brak miejsca na nowe faktury; wezwij serwis" },
["1040"] = { "1040", "more invoices in daily reports than the invoice counter says", "liczba faktur w raportach dobowych nie zgadza się z licznikiem; wezwij serwis" },
["1041"] = { "1041", "the area of copy-module ids is faulty", "błąd obszaru oznaczeń modułu kopii; wezwij serwis" },
["1042"] = { "1042", "the copy-module id could not be written", "błąd zapisu oznaczenia modułu kopii; wezwij serwis" },
["1043"] = { "1043", "no room for another copy-module id", "brak miejsca na oznaczenia modułu kopii; wezwij serwis" },
["1044"] = { "1044", "fiscalisation did not succeed", "fiskalizacja drukarki nie powiodła się; wezwij serwis" },
["1045"] = { "1045", "the date lies before the last daily report", "data wcześniejsza niż poprzedni raport dobowy; wezwij serwis" },
["1950"] = { "1950 ERR_TR_TOT_OVR", "a total of the receipt exceeds its range", "suma paragonu przekracza zakres drukarki" },
["1951"] = { "1951 ERR_TR_PF_OVR", "a single payment is above the limit", "kwota płatności jest za duża" },
["1952"] = { "1952 ERR_TR_PF_SUM_OVR", "the payments together are above the limit", "łączna kwota płatności jest za duża" },
["1953"] = { "1953 ERR_PAYMENT_OVR", "nothing is left to pay, no further payment is taken", "płatności pokrywają już całą należność" },
["1954"] = { "1954 ERR_TR_CHANGE_OVR", "the change is above the limit", "kwota reszty przekracza limit drukarki" },
["1955"] = { "1955 ERR_TR_CHANGE_SUM_OVR", "the change payments together are above the limit", "łączna kwota reszty jest za duża" },
["1956"] = { "1956 ERR_TR_TOTAL_OVR", "the total lies outside its range", "suma poza zakresem drukarki" },
["1957"] = { "1957 ERR_TR_FISC_OVR", "the receipt is worth more than the printer allows", "przekroczona największa dozwolona wartość paragonu" },
["1958"] = { "1958 ERR_TR_PACK_OVR", "the value of the packaging lies outside its range", "wartość opakowań poza zakresem drukarki" },
["1959"] = { "1959 ERR_TR_PACK_STORNO_OVR", "a storno takes the value of the packaging out of its range", "wartość opakowań po stornie poza zakresem drukarki" },
["1961"] = { "1961 ERR_TR_PF_REST_TOO_BIG", "more change than the printer accepts here", "reszta jest za duża" },
["1962"] = { "1962 ERR_TR_PF_ZERO", "the payment is zero", "płatność ma wartość zero" },
["1980"] = { "1980 ERR_TR_DISCNT_BASE_OVR", "the amount to be discounted lies outside its range", "kwota objęta rabatem lub narzutem poza zakresem drukarki" },
["1981"] = { "1981 ERR_TR_DISCNT_AFTER_OVR", "the discount or surcharge takes the amount out of its range", "kwota po rabacie lub narzucie poza zakresem drukarki" },
["1982"] = { "1982 ERR_TR_DISCNT_CALC", "the discount or surcharge could not be worked out", "błąd obliczenia rabatu lub narzutu" },
["1983"] = { "1983 ERR_TR_DISCNT_BASE_NEGATIVE_OR_ZERO", "the amount to be discounted is not above zero", "nie ma kwoty, od której można dać rabat" },
["1984"] = { "1984 ERR_TR_DISCNT_ZERO", "the discount or surcharge comes to nothing", "rabat lub narzut wynosi zero" },
["1985"] = { "1985 ERR_TR_DISCNT_AFTER_NEGATIVE_OR_ZERO", "the discount would leave nothing or less", "po rabacie nie zostaje żadna kwota do zapłaty" },
["1990"] = { "1990 ERR_TR_STORNO_NOT_ALLOWED", "a storno is not possible at this point of the document", "storno nie jest możliwe w tym miejscu dokumentu" },
["1991"] = { "1991 ERR_TR_DISCNT_NOT_ALLOWED", "a discount or surcharge is not possible at this point of the document", "rabat lub narzut nie jest możliwy w tym miejscu dokumentu" },
["2000"] = { "2000 ERR_TR_FLD_VAT", "there is no such VAT rate, or it is not active", "nieprawidłowa lub nieaktywna stawka PTU" },
["2002"] = { "2002 ERR_NO_HDR", "the header has not been programmed", "w drukarce nie zaprogramowano nagłówka" },
["2003"] = { "2003 ERR_HDR", "the header has been programmed already", "nagłówek jest już zaprogramowany" },
["2004"] = { "2004 ERR_NO_VAT", "not one VAT rate is active", "w drukarce nie ma aktywnych stawek PTU" },
["2005"] = { "2005 ERR_NO_TRNS_MODE", "no transaction is open", "na drukarce nie ma otwartego dokumentu" },
["2006"] = { "2006 ERR_TR_FLD_PRICE", "the price is not above zero", "cena musi być większa od zera" },
["2007"] = { "2007 ERR_TR_FLD_QUANT", "the quantity is not above zero", "ilość musi być większa od zera" },
["2008"] = { "2008 ERR_TR_FLD_TOTAL", "the total given is not right", "błędna wartość pozycji lub suma dokumentu" },
["2009"] = { "2009 ERR_TR_FLD_TOTAL_ZERO", "the total given is zero", "wartość pozycji lub suma dokumentu wynosi zero" },
["2010"] = { "2010 ERR_TOT_OVR", "the day's totals would exceed their range", "przekroczony zakres sum dobowych; wykonaj raport dobowy" },
["2020"] = { "2020", "the date may not be changed", "nie wolno zmienić daty drukarki" },
["2021"] = { "2021 ERR_RTC_WAS_SET", "the clock has been set once this day, a second time is refused", "zegar drukarki był już dziś ustawiany" },
["2022"] = { "2022 ERR_RTC_DIFF", "the date is too far from the printer's", "data zbyt różni się od daty w drukarce" },
["2023"] = { "2023 ERR_RTC_HOUR", "the clock may be moved by 1 hour at most (newer firmware: 2 hours)", "zegar można przestawić najwyżej o 1 godzinę (w nowszych drukarkach o 2)" },
["2024"] = { "2024 ERR_RTC_BAD_FORMAT", "the date is not in the expected format", "niepoprawny zapis daty" },
["2025"] = { "2025 ERR_RTC_FM_DATE", "the date lies before the last record in the fiscal module", "data wcześniejsza niż ostatni zapis w pamięci fiskalnej" },
["2026"] = { "2026 ERR_RTC", "something is wrong with the clock", "błąd zegara drukarki; sprawdź datę i godzinę" },
["2027"] = { "2027 ERR_VAT_CHNG_CNT", "no change of VAT rates left", "wyczerpana liczba zmian stawek PTU" },
["2028"] = { "2028 ERR_VAT_SAME", "the VAT rates sent are those already in force", "nowe stawki PTU są takie same jak obecne" },
["2029"] = { "2029 ERR_VAT_VAL", "the values of the VAT rates are not valid", "niepoprawne wartości stawek PTU" },
["2030"] = { "2030 ERR_VAT_NO_ACTIVE", "the change would leave no VAT rate active", "co najmniej jedna stawka PTU musi być aktywna" },
["2031"] = { "2031 ERR_FLD_TIN", "the NIP is not valid", "niepoprawny NIP" },
["2032"] = { "2032 ERR_FM_ID", "the unique number is faulty", "błąd numeru unikatowego drukarki; wezwij serwis" },
["2033"] = { "2033 ERR_FISC_MODE", "not possible in fiscal mode", "niemożliwe w trybie fiskalnym drukarki" },
["2034"] = { "2034 ERR_NO_FISC_MODE", "only possible in fiscal mode", "możliwe tylko w trybie fiskalnym drukarki" },
["2035"] = { "2035 ERR_TOT_NOT_ZERO", "only possible while the day's totals are zero", "najpierw wykonaj raport dobowy: jest niezaraportowana sprzedaż" },
["2036"] = { "2036 ERR_READ_ONLY", "the printer can be read out and nothing else", "drukarka działa tylko w trybie odczytu; wezwij serwis" },
["2037"] = { "2037 ERR_NO_READ_ONLY", "only possible on a read-only printer", "możliwe tylko w trybie odczytu drukarki" },
["2038"] = { "2038 ERR_TRNS_MODE", "not possible while a transaction is open", "na drukarce jest otwarty inny dokument" },
["2039"] = { "2039 ERR_TOT_ZERO", "not possible while the day's totals are zero", "niemożliwe: od raportu dobowego nie było sprzedaży" },
["2040"] = { "2040 ERR_CURR_CALC", "converting the currency gives too large an amount", "kwota po przeliczeniu waluty jest za duża" },
["2041"] = { "2041 ERR_TR_END_VAL_0", "the receipt cannot end with a value of zero", "paragon ma wartość zero i nie może być zakończony" },
["2042"] = { "2042 ERR_REP_PER_DATE_FORMAT_FROM", "the first date is not in the expected format", "niepoprawny zapis daty początkowej" },
["2043"] = { "2043 ERR_REP_PER_DATE_FORMAT_TO", "the last date is not in the expected format", "niepoprawny zapis daty końcowej" },
["2044"] = { "2044 ERR_REP_PER_CURR_MONTH", "the month of the monthly report is not over yet", "nie można wykonać raportu miesięcznego za bieżący miesiąc" },
["2045"] = { "2045 ERR_REP_PER_DATE_START_GT_CURR", "the first date lies in the future", "data początkowa jest późniejsza niż dzisiejsza" },
["2046"] = { "2046 ERR_REP_PER_DATE_END_GT_FISK", "the last date lies before fiscalisation", "data końcowa jest wcześniejsza niż fiskalizacja drukarki" },
["2047"] = { "2047 ERR_REP_PER_NUM_ZERO", "the first or the last report number is zero", "numer początkowy lub końcowy raportu wynosi zero" },
["2048"] = { "2048 ERR_REP_PER_NUM_FROM_GT_END", "the first report number is above the last", "numer początkowy raportu jest większy niż końcowy" },
["2049"] = { "2049 ERR_REP_PER_NUM_TOO_BIG", "there are not as many reports as that", "nie ma raportu o tak dużym numerze" },
["2050"] = { "2050 ERR_REP_PER_DATE_END_GT_START", "the first date lies after the last", "data początkowa jest późniejsza niż końcowa" },
["2051"] = { "2051 ERR_REP_TXT_NO_MEM", "the text buffer is full", "bufor tekstów drukarki jest pełny; wykonaj raport dobowy" },
["2052"] = { "2052 ERR_TR_NO_MEM", "the buffer for the lines of a transaction is full", "dokument ma za dużo pozycji dla drukarki" },
["2054"] = { "2054 ERR_TR_END_PAYMENT", "the payments are too low for the amount due or for the change", "płatności nie pokrywają należności lub reszty" },
["2055"] = { "2055 ERR_LINE", "a line is not acceptable", "błędny wiersz wydruku" },
["2056"] = { "2056 ERR_EMPTY_TXT", "a text is empty", "tekst do wydruku jest pusty" },
["2057"] = { "2057 ERR_SIZE", "a text is too long or has too many formatting characters", "tekst jest za długi lub ma za dużo znaków formatujących" },
["2058"] = { "2058 ERR_LINE_CNT", "the number of lines is not permitted", "niepoprawna liczba wierszy tekstu" },
["2059"] = { "2059", "not a valid bar code", "błędny kod kreskowy" },
["2060"] = { "2060 ERR_TR_BAD_STATE", "not possible in this state of the transaction", "czynność niemożliwa w tym momencie dokumentu" },
["2062"] = { "2062 ERR_PRN_START", "a document has been printed in part", "drukarka wydrukowała już część dokumentu; sprawdź wydruk" },
["2063"] = { "2063 ERR_PAR", "a parameter is not acceptable", "drukarka nie przyjęła danych polecenia" },
["2064"] = { "2064 ERR_FTR_NO_HDR", "nothing has been started, neither printout nor transaction", "na drukarce nie rozpoczęto żadnego wydruku ani dokumentu" },
["2067"] = { "2067 ERR_PRN_CFG_SET", "the settings of printout or printer are not valid", "niepoprawne ustawienia wydruku" },
["2070"] = { "2070 ERR_WRONG_MAINTENANCE_TIME", "the maintenance date lies before the printer's clock", "data przeglądu jest wcześniejsza niż data w drukarce" },
["2080"] = { "2080", "hexadecimal data with half a byte left over", "błąd programu: niepełne dane kodu do wydruku" },
["2081"] = { "2081", "not a hexadecimal value", "błąd programu: niepoprawne dane kodu do wydruku" },
["2101"] = { "2101 ERR_DF_DB_OVR", "no room for another name in the goods base", "baza towarowa drukarki jest pełna" },
["2102"] = { "2102 ERR_DF_DB_VAT_INACTIVE", "goods base: the rate is not active", "stawka PTU towaru jest nieaktywna" },
["2103"] = { "2103 ERR_DF_DB_VAT_INVALID", "goods base: there is no such VAT rate", "błędna stawka PTU towaru" },
["2104"] = { "2104 ERR_DF_DB_NAME", "goods base: the name is not acceptable", "błędna nazwa towaru" },
["2105"] = { "2105 ERR_DF_DB_NAME_VAT", "goods base: the rate could not be assigned to the name", "nie można przypisać stawki PTU do towaru" },
["2106"] = { "2106 ERR_DF_DB_LOCKED", "the control of rate assignments blocks this name at this rate", "towar zablokowany: był sprzedawany z inną stawką PTU" },
["2107"] = { "2107 ERR_DF_DB_NAME_NOT_FOUND", "the goods base does not have this name", "towaru nie ma w bazie towarowej drukarki" },
["2108"] = { "2108 ERR_DF_DB_NOT_OVR", "only possible when the goods base is full", "baza towarowa drukarki nie jest pełna" },
["2110"] = { "2110", "authorisation failed (number of newer firmware)", "błąd autoryzacji drukarki" },
["2200"] = { "2200", "authorisation failed (number of older firmware)", "błąd autoryzacji drukarki" },
["2501"] = { "2501 ERR_FORM_ID", "there is no form with this number", "błędny numer formatki wydruku" },
["2502"] = { "2502 ERR_FORM_LINE_NO", "this form has no line with this number", "błędny numer wiersza formatki" },
["2503"] = { "2503 ERR_FORM_HDR_NO", "there is no form header with this number", "błędny numer nagłówka formatki" },
["2504"] = { "2504 ERR_FORM_PAR_CNT", "the form needs more parameters", "za mało danych do formatki wydruku" },
["2505"] = { "2505 ERR_FORM_NOT_STARTED", "no form has been started", "nie rozpoczęto wydruku niefiskalnego" },
["2506"] = { "2506 ERR_FORM_STARTED", "a form is open already", "wydruk niefiskalny jest już rozpoczęty" },
["2507"] = { "2507 ERR_FORM_CMD", "there is no form command with this number", "błędny numer polecenia formatki" },
["2508"] = { "2508", "the form is too wide for 57 mm paper", "formatka jest za szeroka na papier 57 mm" },
["2521"] = { "2521 ERR_DB_REP_PLU_ACTIVE", "a goods-base report is open already", "raport bazy towarowej jest już rozpoczęty" },
["2522"] = { "2522 ERR_DB_REP_PLU_NOT_ACTIVE", "no goods-base report has been started", "nie rozpoczęto raportu bazy towarowej" },
["2523"] = { "2523 ERR_DB_REP_PLU_VAT_ID", "goods-base report: there is no such VAT rate", "błędna stawka PTU w raporcie bazy towarowej" },
["2532"] = { "2532 ERR_FV_COPY_CNT", "the number of invoice copies is not permitted", "niepoprawna liczba kopii faktury" },
["2533"] = { "2533", "the invoice has no number", "brak numeru faktury" },
["2534"] = { "2534", "the format of the printout is not permitted", "niepoprawny format wydruku" },
["2600"] = { "2600 ERR_DISCNT_TYPE", "there is no discount or surcharge of this type", "błąd programu: niepoprawny rodzaj rabatu lub narzutu" },
["2601"] = { "2601 ERR_TR_DISCNT_VALUE", "the discount or surcharge lies outside its range", "wartość rabatu lub narzutu poza zakresem drukarki" },
["2620"] = { "2620", "the name of the quotation is not acceptable", "błędna nazwa wyceny" },
["2621"] = { "2621", "no room for another quotation", "tablica wycen jest pełna" },
["2622"] = { "2622", "only possible while there are no quotations", "tablica wycen nie jest pusta" },
["2623"] = { "2623", "no room in the quotation table", "brak miejsca w tablicy wycen" },
["2624"] = { "2624", "a quotation of a different type is open", "otwarta jest wycena innego rodzaju" },
["2625"] = { "2625", "the quotation has more lines than allowed", "wycena ma za dużo pozycji" },
["2701"] = { "2701 ERR_VAT_ID", "there is no VAT rate with this id", "błędne oznaczenie stawki PTU" },
["2702"] = { "2702 ERR_FTRLN_ID", "there is no footer line with this id", "błąd programu: niepoprawny numer wiersza stopki" },
["2703"] = { "2703 ERR_FTRLN_CNT", "more footer lines than allowed", "za dużo dodatkowych wierszy stopki" },
["2704"] = { "2704 ERR_ACC_LOW", "the battery is too weak to go on", "rozładowany akumulator drukarki; podłącz zasilanie" },
["2705"] = { "2705 ERR_PF_TYPE", "the printer does not have this type of payment", "drukarka nie obsługuje tej formy płatności" },
["2706"] = { "2706", "mains power is missing", "brak zasilania drukarki; podłącz zasilacz" },
["2710"] = { "2710", "the service asked for is not running", "wskazana usługa drukarki nie działa" },
["2801"] = { "2801 ERR_DISCNT_VERIFY", "check: the discount or surcharge differs from the printer's result", "wartość rabatu lub narzutu nie zgadza się z obliczeniem drukarki" },
["2802"] = { "2802 ERR_LNTOT_VERIFY", "check: the line's value differs from the printer's result", "wartość pozycji nie zgadza się z obliczeniem drukarki" },
["2803"] = { "2803 ERR_PACKTOT_VERIFY", "check: the packaging's value differs from the printer's result", "wartość opakowania nie zgadza się z obliczeniem drukarki" },
["2804"] = { "2804 ERR_CURRTOT_VERIFY", "check: the payment in currency differs from the printer's result", "wartość płatności w walucie nie zgadza się z obliczeniem drukarki" },
["2805"] = { "2805 ERR_ENDTOT_VERIFY", "check: the document's fiscal value differs from the printer's sum", "suma dokumentu nie zgadza się z obliczeniem drukarki" },
["2806"] = { "2806 ERR_ENDPACKPLUS_VERIFY", "check: packaging given out (op) differs from the printer's sum", "suma wydanych opakowań nie zgadza się z obliczeniem drukarki" },
["2807"] = { "2807 ERR_ENDPACKMINUS_VERIFY", "check: packaging taken back (om) differs from the printer's sum", "suma przyjętych opakowań nie zgadza się z obliczeniem drukarki" },
["2808"] = { "2808 ERR_ENDPAYMENT_VERIFY", "check: the payments (fp) differ from the printer's sum", "suma płatności nie zgadza się z obliczeniem drukarki" },
["2809"] = { "2809 ERR_ENDCHANGE_VERIFY", "check: the change (re) differs from the printer's result", "reszta nie zgadza się z obliczeniem drukarki" },
["2851"] = { "2851 ERR_STORNO_QNT", "the storno's quantity does not fit what was sold", "ilość w stornie nie zgadza się ze sprzedażą" },
["2852"] = { "2852 ERR_STORNO_AMT", "the storno's value does not fit what was sold", "wartość storna nie zgadza się ze sprzedażą" },
["2900"] = { "2900 ERR_EC_NOT_ENOUGH_SPACE", "the state of the electronic copy rules this document out", "stan kopii elektronicznej nie pozwala na ten dokument; wezwij serwis" },
["2901"] = { "2901 ERR_EC_EDM_NOT_READY", "the medium is missing or busy", "brak nośnika kopii elektronicznej lub jest on zajęty" },
["2902"] = { "2902", "the medium has not been verified", "nośnik kopii elektronicznej nie został sprawdzony" },
["2903"] = { "2903 ERR_EC_DATA_PENDING", "too much data waits in the cache of the electronic copy", "pamięć podręczna kopii elektronicznej jest przepełniona" },
["2906"] = { "2906", "the buffer of the electronic copy is damaged", "uszkodzony bufor kopii elektronicznej; wezwij serwis" },
["2907"] = { "2907", "there is no medium in the printer", "brak nośnika kopii elektronicznej; włóż nośnik" },
["2908"] = { "2908", "this medium cannot be used for the operation", "nośnik kopii elektronicznej nie nadaje się do tej czynności" },
["2911"] = { "2911 ERR_EC_EDM_FILE_NOT_FOUND", "the medium does not hold that file", "na nośniku kopii elektronicznej nie ma takiego pliku" },
["2913"] = { "2913 ERR_EC_TEST_FAILED", "a test of the electronic copy gave a wrong result", "test kopii elektronicznej nie powiódł się; wezwij serwis" },
["2915"] = { "2915", "nothing waits in the cache of the electronic copy", "pamięć podręczna kopii elektronicznej jest pusta" },
["2916"] = { "2916", "the medium is being verified", "trwa sprawdzanie nośnika kopii elektronicznej; poczekaj" },
["2917"] = { "2917", "not a valid type of document", "błędny rodzaj dokumentu kopii elektronicznej" },
["2918"] = { "2918", "the data are out of date and cannot be had", "dane kopii elektronicznej są nieaktualne i niedostępne" },
["3051"] = { "3051 ERR_CURRENCY_ALREADY_CHANGED", "after a daily report the currency may be changed only once", "walutę można zmienić tylko raz po raporcie dobowym" },
["3052"] = { "3052 ERR_CURRENCY_SAME", "this currency is the one in use", "ta waluta jest już ustawiona" },
["3053"] = { "3053 ERR_CURRENCY_INVALID_NAME", "not a valid name of a currency", "niepoprawna nazwa waluty" },
["3054"] = { "3054 ERR_CURRENCY_SHOULD_CHANGE", "the programmed change of currency has fallen due", "nadszedł termin automatycznej zmiany waluty" },
["3055"] = { "3055 ERR_CURRENCY_RATE", "not a valid exchange rate", "niepoprawny kurs waluty" },
["3056"] = { "3056 ERR_CURRENCY_CHNG_CNT", "no change of currency left", "wyczerpana liczba zmian waluty" },
["3080"] = { "3080", "the VAT rates carry a date in the past", "stawki PTU mają nieaktualną datę" },
["3084"] = { "3084", "the programmed change of VAT rates has fallen due", "nadszedł termin automatycznej zmiany stawek PTU" },
["3085"] = { "3085", "the command lacks its date field", "błąd programu: w poleceniu dla drukarki brakuje daty" },
["3090"] = { "3090", "the form's authorisation code is not right", "błędny kod autoryzacyjny formatki" },
["3091"] = { "3091", "authorising the form is locked", "autoryzacja formatki jest zablokowana" },
["3092"] = { "3092", "the form is locked", "formatka jest zablokowana" },
["3100"] = { "3100", "authorisation of the fiscalisation: parameter missing (older firmware: block 1 not valid)", "brak danych autoryzacji fiskalizacji" },
["3101"] = { "3101", "authorisation of the fiscalisation: wrong code (older firmware: block 2 not valid)", "błędny kod autoryzacji fiskalizacji" },
["3102"] = { "3102", "the \"destination\" name has too few characters", "za krótka nazwa miejsca docelowego" },
["3103"] = { "3103", "the \"transition\" name has too few characters", "za krótka nazwa miejsca tranzytu" },
["3104"] = { "3104", "the destination port contains characters that are not allowed", "niedozwolone znaki w nazwie portu docelowego" },
["3105"] = { "3105", "the transit port contains characters that are not allowed", "niedozwolone znaki w nazwie portu tranzytowego" },
["3106"] = { "3106", "the parameters of block 1 are not valid", "niepoprawne dane w bloku 1" },
["3107"] = { "3107", "the parameters of block 2 are not valid", "niepoprawne dane w bloku 2" },
["3110"] = { "3110", "the voltage for the drawer is not right", "błędne napięcie szuflady; sprawdź podłączenie szuflady" },
["3200"] = { "3200", "a code without content cannot be printed", "kod do wydruku jest pusty" },
["3201"] = { "3201", "the code is too big, or wider than the paper", "kod nie mieści się na papierze" },
["3202"] = { "3202", "not a valid scale for the code", "niepoprawna skala wydruku kodu" },
["3203"] = { "3203", "not a valid Y to X ratio for the code", "niepoprawne proporcje kodu" },
["3205"] = { "3205", "the code does not fit into the memory", "kod nie mieści się w pamięci drukarki" },
["3206"] = { "3206", "more input than the code can hold", "za dużo danych w kodzie do wydruku" },
["3207"] = { "3207", "the code's number of columns lies outside its range", "niedozwolona liczba kolumn kodu" },
["3208"] = { "3208", "the code's number of rows lies outside its range", "niedozwolona liczba wierszy kodu" },
["3209"] = { "3209", "the code's level of error correction lies outside its range", "niedozwolony poziom korekcji błędów kodu" },
["3210"] = { "3210", "the code's pixels per module lie outside their range", "niedozwolony rozmiar punktu kodu" },
["3220"] = { "3220", "the printer cannot print this type of bar code", "drukarka nie obsługuje tego rodzaju kodu kreskowego" },
["3221"] = { "3221", "the bar code could not be stored", "błąd zapisu kodu kreskowego w drukarce" },
["3222"] = { "3222", "the stored bar code could not be read", "błąd odczytu kodu kreskowego z drukarki" },
["3250"] = { "3250", "the image's number lies outside its range", "niedozwolony numer grafiki" },
["3251"] = { "3251", "there is no image under this number", "w drukarce nie ma grafiki o tym numerze" },
["3252"] = { "3252", "the image may not be changed", "grafiki nie wolno zmienić" },
["3253"] = { "3253", "the size of the image is not permitted", "niedozwolony rozmiar grafiki" },
["3254"] = { "3254", "the images need more memory than there is", "brak miejsca na grafikę w drukarce" },
["3255"] = { "3255", "the image could not be written to the electronic copy", "błąd zapisu grafiki w kopii elektronicznej" },
["3256"] = { "3256", "the image could not be written", "błąd zapisu grafiki w drukarce" },
["3257"] = { "3257", "the image's printability level lies outside its range", "niedozwolony poziom jakości wydruku grafiki" },
["3258"] = { "3258", "not a valid size of the data", "niepoprawny rozmiar danych" },
}
local function crc16(text)
    local crc = 0
    for place = 1, #text do
        crc = bit.bxor(crc, bit.lshift(text:byte(place), 8))
        for _ = 1, 8 do
            crc = bit.lshift(crc, 1)
            if bit.band(crc, 0x10000) ~= 0 then
                crc = bit.bxor(crc, 0x11021)
            end
        end
    end
    return string.format("%04X", crc)
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local stop
        if data:byte(at) == 2 then
            stop = data:find("[\2\3]", at + 1)
            if not stop then
                break
            elseif data:byte(stop) == 2 then
                stop = stop - 1
            end
        else
            stop = (data:find("\2", at, true) or #data + 1) - 1
        end
        pieces[#pieces + 1] = { first = at, last = stop }
        at = stop + 1
    end
    return pieces, at
end

function family.parse(bytes)
    local frame = { fields = {} }
    if bytes:byte(1) ~= 2 then
        frame.damage = "bytes outside of a frame"
        return frame
    elseif bytes:byte(-1) ~= 3 then
        frame.damage = "the frame has no end"
        return frame
    end
    local check = bytes:match("#(....)\3$")
    local payload = bytes:sub(2, -7)
    if #bytes > 8194 then
        frame.damage = "longer than 8192 bytes"
        return frame
    elseif payload == "" or not check then
        local short = bytes:match("#%x%x?%x?%x?\3$") and "the checksum does not have four digits"
        frame.damage = short or "no checksum, or not built as a frame"
        return frame
    elseif check:upper() ~= crc16(payload) then
        frame.damage = "the checksum does not fit"
        return frame
    elseif payload:sub(-1) ~= "\t" then
        frame.damage = "no checksum, or not built as a frame"
        return frame
    end
    local at, number = 1, nil
    while at <= #payload do
        local stop = payload:find("\t", at, true) or #payload + 1
        local chunk = payload:sub(at, stop - 1)
        if not frame.name then
            frame.name = chunk:gsub("^!", "")
            if #frame.name == 0 or #frame.name > 24 then
                frame.damage = "the command's name is empty or too long"
            end
        elseif #chunk < (chunk:match("^[@?]") and 1 or 2) then
            frame.damage = frame.damage or "a field has no name"
        else
            local length = chunk:match("^[@?]") and 1 or 2
            local field = { name = chunk:sub(1, length), first = at + length + 1, last = stop }
            frame.fields[#frame.fields + 1] = field
            if field.name == "?" then
                number = chunk:sub(2)
            end
        end
        at = stop + 1
    end
    if number then
        frame.error = (frame.name == "ERR" and "frame " or "") .. number
    end
    return frame
end
end

-- thermal ---------------------------------------------------------------------------------------------
do
local family = { code_page = 3 }
families["thermal"] = family
family.words = {
["ENQ"] = { meaning = "state, in the order of commands", fields = {
["FSK"] = ProtoField.string("fiscald.thermal.ENQ.FSK", "fiscal mode"),
["CMD"] = ProtoField.string("fiscald.thermal.ENQ.CMD", "the last command was carried out"),
["PAR"] = ProtoField.string("fiscald.thermal.ENQ.PAR", "a receipt is open"),
["TRF"] = ProtoField.string("fiscald.thermal.ENQ.TRF", "the last receipt was completed"),
} },
["DLE"] = { meaning = "state, at once", fields = {
["ONL"] = ProtoField.string("fiscald.thermal.DLE.ONL", "on-line"),
["PE"] = ProtoField.string("fiscald.thermal.DLE.PE", "no paper, or the battery is discharged"),
["ERR"] = ProtoField.string("fiscald.thermal.DLE.ERR", "fault of the mechanism"),
} },
["DLE2"] = { meaning = "extended state, at once", fields = {
} },
["CAN"] = { meaning = "give an unfinished sequence up", fields = {
} },
["BEL"] = { meaning = "beep", fields = {
} },
["#s"] = { meaning = "status, of the rates in use", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23s.Ps", "not used"),
} },
["#s 22"] = { meaning = "status, with the totals of the receipt", fields = {
} },
["#s 23"] = { meaning = "status, with the totals of the day", fields = {
} },
["#s 24"] = { meaning = "records, and the receipt by rate", fields = {
} },
["#s 25"] = { meaning = "where the readout of the fiscal memory begins, by date", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23s_2025.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23s_2025.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23s_2025.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._23s_2025.Ph", "hour"),
["Pmin"] = ProtoField.string("fiscald.thermal._23s_2025.Pmin", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._23s_2025.Ps", "second"),
} },
["#s 26"] = { meaning = "where the readout of the fiscal memory begins, by number", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._23s_2026.Pn", "0 every record, 1 daily reports only"),
["Nr"] = ProtoField.string("fiscald.thermal._23s_2026.Nr", "number"),
} },
["#s 27"] = { meaning = "the next record of the fiscal memory", fields = {
} },
["#s 28"] = { meaning = "the open day", fields = {
} },
["#s 50"] = { meaning = "number of the last printed document", fields = {
} },
["#s 99"] = { meaning = "status, with the cash in euro", fields = {
} },
["#s 100"] = { meaning = "the open or last receipt by rate", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._23s_20100.Pn", "0 gross, 1 net, 2 VAT"),
} },
["#s 210"] = { meaning = "the protected memory, and the id of its last document", fields = {
} },
["@PMI"] = { meaning = "a document of the protected memory", fields = {
["stan"] = ProtoField.string("fiscald.thermal._40PMI.stan", "0 look for it, 1 its next part"),
["jpkid"] = ProtoField.string("fiscald.thermal._40PMI.jpkid", "id"),
["idz"] = ProtoField.string("fiscald.thermal._40PMI.idz", "1 with the buyer's code"),
["zawartosc"] = ProtoField.string("fiscald.thermal._40PMI.zawartosc", "0 its data, 1 its print, 2 further data"),
["typ"] = ProtoField.string("fiscald.thermal._40PMI.typ", "kinds, added: 1 report, 2 receipt, 4 cancelled receipt, 8 invoice, 16 cancelled invoice, 32 daily report, 64 not fiscal, 128 event"),
} },
["#n"] = { meaning = "error of the last command", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23n.Ps", "not used"),
} },
["#v"] = { meaning = "model and firmware", fields = {
} },
["#v 30"] = { meaning = "original model and firmware", fields = {
} },
["#c"] = { meaning = "read the clock", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23c.Ps", "not used"),
} },
["#u"] = { meaning = "read the header", fields = {
} },
["^u"] = { meaning = "read the header", fields = {
} },
["$g"] = { meaning = "may this name be sold at this rate", fields = {
["nazwa"] = ProtoField.string("fiscald.thermal._24g.nazwa", "name"),
["ptu"] = ProtoField.string("fiscald.thermal._24g.ptu", "rate"),
} },
["#e"] = { meaning = "how errors are reported", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23e.Ps", "0 display, 1 not, 2 display and answers, 3 answers to all, 4 answers to what has no other"),
} },
["$c"] = { meaning = "set the clock", fields = {
["Py"] = ProtoField.string("fiscald.thermal._24c.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._24c.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._24c.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._24c.Ph", "hour"),
["Pmn"] = ProtoField.string("fiscald.thermal._24c.Pmn", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._24c.Ps", "second"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._24c.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._24c.kasjer", "cashier"),
} },
["$p"] = { meaning = "set the rates", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._24p.Ps", "how many"),
["Py"] = ProtoField.string("fiscald.thermal._24p.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._24p.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._24p.Pd", "day"),
["conf"] = ProtoField.string("fiscald.thermal._24p.conf", "confirmation at the printer"),
["ptuA"] = ProtoField.string("fiscald.thermal._24p.ptuA", "rate A"),
["ptuB"] = ProtoField.string("fiscald.thermal._24p.ptuB", "rate B"),
["ptuC"] = ProtoField.string("fiscald.thermal._24p.ptuC", "rate C"),
["ptuD"] = ProtoField.string("fiscald.thermal._24p.ptuD", "rate D"),
["ptuE"] = ProtoField.string("fiscald.thermal._24p.ptuE", "rate E"),
["ptuF"] = ProtoField.string("fiscald.thermal._24p.ptuF", "rate F"),
["ptuG"] = ProtoField.string("fiscald.thermal._24p.ptuG", "rate G"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._24p.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._24p.kasjer", "cashier"),
["data"] = ProtoField.string("fiscald.thermal._24p.data", "date"),
} },
["$f 0"] = { meaning = "set the header", fields = {
["naglowek"] = ProtoField.string("fiscald.thermal._24f_200.naglowek", "text"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._24f_200.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._24f_200.kasjer", "cashier"),
} },
["$r"] = { meaning = "options of the printer", fields = {
["Pr"] = ProtoField.string("fiscald.thermal._24r.Pr", "option"),
["P2"] = ProtoField.string("fiscald.thermal._24r.P2", "its value"),
["P3"] = ProtoField.string("fiscald.thermal._24r.P3", "its value"),
} },
["#l"] = { meaning = "feed paper", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23l.Ps", "lines"),
["ciecie"] = ProtoField.string("fiscald.thermal._23l.ciecie", "0 no cut, 1 full, 2 partial"),
} },
["$d 1"] = { meaning = "open the drawer", fields = {
} },
["$d 2"] = { meaning = "text on the displays", fields = {
["tekst"] = ProtoField.string("fiscald.thermal._24d_202.tekst", "text"),
} },
["$d 3"] = { meaning = "clock on the customer's display", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._24d_203.Pn", "0 time, 1 date"),
} },
["$d 4"] = { meaning = "display back to the sale", fields = {
} },
["$d 5"] = { meaning = "text on the operator's display", fields = {
["tekst"] = ProtoField.string("fiscald.thermal._24d_205.tekst", "text"),
} },
["$d 101"] = { meaning = "upper line of the customer's display", fields = {
["tekst"] = ProtoField.string("fiscald.thermal._24d_20101.tekst", "text"),
} },
["$d 102"] = { meaning = "lower line of the customer's display", fields = {
["tekst"] = ProtoField.string("fiscald.thermal._24d_20102.tekst", "text"),
} },
["#p"] = { meaning = "log a cashier in", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23p.Ps", "not used"),
["kasjer"] = ProtoField.string("fiscald.thermal._23p.kasjer", "cashier"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23p.nr_5fkasy", "till"),
} },
["#q"] = { meaning = "log the cashier out", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23q.Ps", "not used"),
["kasjer"] = ProtoField.string("fiscald.thermal._23q.kasjer", "cashier"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23q.nr_5fkasy", "till"),
} },
["#i"] = { meaning = "pay-in", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23i.Ps", "not used"),
["kwota"] = ProtoField.string("fiscald.thermal._23i.kwota", "amount"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23i.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23i.kasjer", "cashier"),
} },
["#d"] = { meaning = "pay-out", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23d.Ps", "not used"),
["kwota"] = ProtoField.string("fiscald.thermal._23d.kwota", "amount"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23d.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23d.kasjer", "cashier"),
} },
["#z"] = { meaning = "goods return", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23z.Ps", "not used"),
["kwota"] = ProtoField.string("fiscald.thermal._23z.kwota", "amount"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23z.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23z.kasjer", "cashier"),
} },
["#w"] = { meaning = "packaging taken back without a sale", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23w.Ps", "not used"),
["kwota"] = ProtoField.string("fiscald.thermal._23w.kwota", "value"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23w.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23w.kasjer", "cashier"),
} },
["$w 0"] = { meaning = "open a form that is not fiscal", fields = {
["formularz"] = ProtoField.string("fiscald.thermal._24w_200.formularz", "form"),
["naglowek"] = ProtoField.string("fiscald.thermal._24w_200.naglowek", "heading"),
["opcje"] = ProtoField.string("fiscald.thermal._24w_200.opcje", "1 margin, 2 no paper, 4 no header, 8 no mark of a non-fiscal document"),
["id"] = ProtoField.string("fiscald.thermal._24w_200.id", "an id follows"),
["id_transakcji"] = ProtoField.string("fiscald.thermal._24w_200.id_5ftransakcji", "id"),
} },
["$w"] = { meaning = "line of a form", fields = {
["formularz"] = ProtoField.string("fiscald.thermal._24w.formularz", "form"),
["linia"] = ProtoField.string("fiscald.thermal._24w.linia", "line, 255 is empty"),
["P3"] = ProtoField.string("fiscald.thermal._24w.P3", "bold, or the kind of a special line"),
["inwers"] = ProtoField.string("fiscald.thermal._24w.inwers", "1 white on black"),
["czcionka"] = ProtoField.string("fiscald.thermal._24w.czcionka", "font"),
["srodek"] = ProtoField.string("fiscald.thermal._24w.srodek", "1 centred"),
["atrybuty"] = ProtoField.string("fiscald.thermal._24w.atrybuty", "attributes of the font"),
["argumenty"] = ProtoField.string("fiscald.thermal._24w.argumenty", "text"),
} },
["$w 1"] = { meaning = "end of a form", fields = {
["formularz"] = ProtoField.string("fiscald.thermal._24w_201.formularz", "form, 255: for the next document that is not fiscal"),
["nr_sys"] = ProtoField.string("fiscald.thermal._24w_201.nr_5fsys", "a system number follows"),
["ile"] = ProtoField.string("fiscald.thermal._24w_201.ile", "lines of the footer"),
["numer_systemowy"] = ProtoField.string("fiscald.thermal._24w_201.numer_5fsystemowy", "system number"),
["linie"] = ProtoField.string("fiscald.thermal._24w_201.linie", "line of the footer"),
} },
["#t"] = { meaning = "cash report", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23t.Ps", "1 sets the cash to zero (Novitus)"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23t.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23t.kasjer", "cashier"),
} },
["#k"] = { meaning = "shift report", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23k.Ps", "0 with reset, 23 reading only"),
["zmiana"] = ProtoField.string("fiscald.thermal._23k.zmiana", "shift"),
["kasjer"] = ProtoField.string("fiscald.thermal._23k.kasjer", "cashier"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23k.nr_5fkasy", "till"),
} },
["$h"] = { meaning = "open a receipt", fields = {
["Pl"] = ProtoField.string("fiscald.thermal._24h.Pl", "lines in block mode, 0 without"),
["Pn"] = ProtoField.string("fiscald.thermal._24h.Pn", "lines of text"),
["P0"] = ProtoField.string("fiscald.thermal._24h.P0", "always 0"),
["idtype"] = ProtoField.string("fiscald.thermal._24h.idtype", "kind of the buyer's number: 1 NIP, 2 REGON, 3 PESEL"),
["PL"] = ProtoField.string("fiscald.thermal._24h.PL", "print PL in front of it"),
["linie"] = ProtoField.string("fiscald.thermal._24h.linie", "line of text"),
["id"] = ProtoField.string("fiscald.thermal._24h.id", "buyer's number"),
} },
["$h invoice"] = { meaning = "open an invoice", fields = {
["Pl"] = ProtoField.string("fiscald.thermal._24h_20invoice.Pl", "lines, 0 any"),
["Pn"] = ProtoField.string("fiscald.thermal._24h_20invoice.Pn", "lines of the buyer's address, 0 is three"),
["typ"] = ProtoField.string("fiscald.thermal._24h_20invoice.typ", "1 invoice, 2 of a pharmacy"),
["kopia"] = ProtoField.string("fiscald.thermal._24h_20invoice.kopia", "2 original and copy"),
["margines"] = ProtoField.string("fiscald.thermal._24h_20invoice.margines", "1 a margin above"),
["P6"] = ProtoField.string("fiscald.thermal._24h_20invoice.P6", "not used"),
["kopie"] = ProtoField.string("fiscald.thermal._24h_20invoice.kopie", "further copies, 255 none"),
["P8"] = ProtoField.string("fiscald.thermal._24h_20invoice.P8", "not used"),
["P9"] = ProtoField.string("fiscald.thermal._24h_20invoice.P9", "not used"),
["podpisy"] = ProtoField.string("fiscald.thermal._24h_20invoice.podpisy", "1 without room for signatures"),
["PL"] = ProtoField.string("fiscald.thermal._24h_20invoice.PL", "print PL in front of the seller's NIP"),
["numer"] = ProtoField.string("fiscald.thermal._24h_20invoice.numer", "number of the invoice"),
["nabywca"] = ProtoField.string("fiscald.thermal._24h_20invoice.nabywca", "line of the buyer's address"),
["nip"] = ProtoField.string("fiscald.thermal._24h_20invoice.nip", "buyer's number"),
["termin"] = ProtoField.string("fiscald.thermal._24h_20invoice.termin", "due"),
["forma"] = ProtoField.string("fiscald.thermal._24h_20invoice.forma", "form of payment"),
["odbiorca"] = ProtoField.string("fiscald.thermal._24h_20invoice.odbiorca", "recipient"),
["wystawiajacy"] = ProtoField.string("fiscald.thermal._24h_20invoice.wystawiajacy", "issuer"),
["numer_systemowy"] = ProtoField.string("fiscald.thermal._24h_20invoice.numer_5fsystemowy", "system number"),
["nazwa"] = ProtoField.string("fiscald.thermal._24h_20invoice.nazwa", "buyer's name"),
} },
["@c"] = { meaning = "options of the invoice", fields = {
["kopie"] = ProtoField.string("fiscald.thermal._40c.kopie", "further copies, 255 none"),
["opcje_kup"] = ProtoField.string("fiscald.thermal._40c.opcje_5fkup", "0 what stands for the buyer's signature, 1 with the name, 2 nothing"),
["opcje_sprz"] = ProtoField.string("fiscald.thermal._40c.opcje_5fsprz", "the same for the seller"),
["linia"] = ProtoField.string("fiscald.thermal._40c.linia", "1 print what is paid"),
["Py"] = ProtoField.string("fiscald.thermal._40c.Py", "sold, year"),
["Pm"] = ProtoField.string("fiscald.thermal._40c.Pm", "sold, month"),
["Pd"] = ProtoField.string("fiscald.thermal._40c.Pd", "sold, day"),
["opcje1"] = ProtoField.string("fiscald.thermal._40c.opcje1", "options of the summary"),
["opcje2"] = ProtoField.string("fiscald.thermal._40c.opcje2", "more options"),
["idtype"] = ProtoField.string("fiscald.thermal._40c.idtype", "kind of the buyer's number: 0 NIP, 1 REGON, 2 PESEL"),
["opcje3"] = ProtoField.string("fiscald.thermal._40c.opcje3", "more options"),
["etykieta"] = ProtoField.string("fiscald.thermal._40c.etykieta", "1 the buyer is called recipient"),
["termin"] = ProtoField.string("fiscald.thermal._40c.termin", "due"),
["forma"] = ProtoField.string("fiscald.thermal._40c.forma", "form of payment"),
["odbiorca"] = ProtoField.string("fiscald.thermal._40c.odbiorca", "recipient"),
["wystawiajacy"] = ProtoField.string("fiscald.thermal._40c.wystawiajacy", "issuer"),
["zaplacono"] = ProtoField.string("fiscald.thermal._40c.zaplacono", "text of what is paid"),
["numer_systemowy"] = ProtoField.string("fiscald.thermal._40c.numer_5fsystemowy", "system number"),
["informacje"] = ProtoField.string("fiscald.thermal._40c.informacje", "text"),
["nazwa"] = ProtoField.string("fiscald.thermal._40c.nazwa", "buyer's name"),
} },
["$e 0 invoice"] = { meaning = "cancel the invoice", fields = {
["Pr"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.Pr", "not used"),
["Pn"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.Pn", "lines of the footer"),
["Pc"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.Pc", "not used"),
["Px"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.Px", "not used"),
["Py"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.Py", "always 1"),
["linia"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.linia", "1 print what is paid"),
["opcje_kup"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.opcje_5fkup", "0 what stands for the buyer's signature, 1 with the name, 2 nothing"),
["opcje_sprz"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.opcje_5fsprz", "the same for the seller"),
["kasjer"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.kasjer", "cashier"),
["linie"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.linie", "line of the footer"),
["zaplacono"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.zaplacono", "text of what is paid"),
["kupujacy"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.kupujacy", "buyer"),
["sprzedajacy"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.sprzedajacy", "seller"),
["wplata"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.wplata", "paid in cash"),
["total"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.total", "lines of the invoice"),
["rabat"] = ProtoField.string("fiscald.thermal._24e_200_20invoice.rabat", "not used"),
} },
["$e 1 invoice"] = { meaning = "close the invoice", fields = {
["Pr"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.Pr", "not used"),
["Pn"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.Pn", "lines of the footer"),
["Pc"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.Pc", "not used"),
["Px"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.Px", "not used"),
["Py"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.Py", "always 1"),
["linia"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.linia", "1 print what is paid"),
["opcje_kup"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.opcje_5fkup", "0 what stands for the buyer's signature, 1 with the name, 2 nothing"),
["opcje_sprz"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.opcje_5fsprz", "the same for the seller"),
["kasjer"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.kasjer", "cashier"),
["linie"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.linie", "line of the footer"),
["zaplacono"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.zaplacono", "text of what is paid"),
["kupujacy"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.kupujacy", "buyer"),
["sprzedajacy"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.sprzedajacy", "seller"),
["wplata"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.wplata", "paid in cash"),
["total"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.total", "lines of the invoice"),
["rabat"] = ProtoField.string("fiscald.thermal._24e_201_20invoice.rabat", "not used"),
} },
["$N 1"] = { meaning = "buyer's NIP", fields = {
["nip"] = ProtoField.string("fiscald.thermal._24N_201.nip", "NIP"),
} },
["$l"] = { meaning = "sell or reverse a line", fields = {
["Pi"] = ProtoField.string("fiscald.thermal._24l.Pi", "number of the line, 0 reverses"),
["Pr"] = ProtoField.string("fiscald.thermal._24l.Pr", "0 none, 1 discount, 2 discount in per cent, 3 surcharge, 4 surcharge in per cent"),
["Po"] = ProtoField.string("fiscald.thermal._24l.Po", "description of the discount, 16 its own"),
["Pd"] = ProtoField.string("fiscald.thermal._24l.Pd", "a line under the name"),
["nazwa"] = ProtoField.string("fiscald.thermal._24l.nazwa", "name"),
["ilosc"] = ProtoField.string("fiscald.thermal._24l.ilosc", "quantity and unit"),
["ptu"] = ProtoField.string("fiscald.thermal._24l.ptu", "rate"),
["cena"] = ProtoField.string("fiscald.thermal._24l.cena", "price"),
["brutto"] = ProtoField.string("fiscald.thermal._24l.brutto", "value before the discount"),
["rabat"] = ProtoField.string("fiscald.thermal._24l.rabat", "discount or surcharge"),
["nazwa_rabatu"] = ProtoField.string("fiscald.thermal._24l.nazwa_5frabatu", "name of the discount"),
["opis"] = ProtoField.string("fiscald.thermal._24l.opis", "line under the name"),
} },
["$d 6"] = { meaning = "packaging given out", fields = {
["kwota"] = ProtoField.string("fiscald.thermal._24d_206.kwota", "value"),
["nr"] = ProtoField.string("fiscald.thermal._24d_206.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24d_206.ilosc", "quantity"),
} },
["$d 7"] = { meaning = "reverse packaging given out", fields = {
["kwota"] = ProtoField.string("fiscald.thermal._24d_207.kwota", "value"),
["nr"] = ProtoField.string("fiscald.thermal._24d_207.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24d_207.ilosc", "quantity"),
} },
["$d 10"] = { meaning = "packaging returned", fields = {
["kwota"] = ProtoField.string("fiscald.thermal._24d_2010.kwota", "value"),
["nr"] = ProtoField.string("fiscald.thermal._24d_2010.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24d_2010.ilosc", "quantity"),
} },
["$d 11"] = { meaning = "reverse packaging returned", fields = {
["kwota"] = ProtoField.string("fiscald.thermal._24d_2011.kwota", "value"),
["nr"] = ProtoField.string("fiscald.thermal._24d_2011.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24d_2011.ilosc", "quantity"),
} },
["$L"] = { meaning = "discount or surcharge on one rate", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._24L.Ps", "rate, 0 is A"),
["Px"] = ProtoField.string("fiscald.thermal._24L.Px", "1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge"),
["Po"] = ProtoField.string("fiscald.thermal._24L.Po", "description, 16 its own"),
["total_w_stawce"] = ProtoField.string("fiscald.thermal._24L.total_5fw_5fstawce", "sold in that rate"),
["wartosc"] = ProtoField.string("fiscald.thermal._24L.wartosc", "discount or surcharge"),
["nazwa"] = ProtoField.string("fiscald.thermal._24L.nazwa", "name"),
} },
["$Y"] = { meaning = "discount or surcharge on the subtotal", fields = {
["Px"] = ProtoField.string("fiscald.thermal._24Y.Px", "1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge"),
["Po"] = ProtoField.string("fiscald.thermal._24Y.Po", "description, 16 its own"),
["podsuma"] = ProtoField.string("fiscald.thermal._24Y.podsuma", "subtotal"),
["wartosc"] = ProtoField.string("fiscald.thermal._24Y.wartosc", "discount or surcharge"),
["nazwa"] = ProtoField.string("fiscald.thermal._24Y.nazwa", "name"),
} },
["$n"] = { meaning = "announce a discount or surcharge of the receipt", fields = {
["Px"] = ProtoField.string("fiscald.thermal._24n.Px", "0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge, 5 to 8 the same with subtotal"),
["nazwa"] = ProtoField.string("fiscald.thermal._24n.nazwa", "name"),
["wartosc"] = ProtoField.string("fiscald.thermal._24n.wartosc", "discount or surcharge"),
} },
["$b 1"] = { meaning = "payment", fields = {
["Pfx"] = ProtoField.string("fiscald.thermal._24b_201.Pfx", "form of payment"),
["kwota"] = ProtoField.string("fiscald.thermal._24b_201.kwota", "amount"),
["nazwa"] = ProtoField.string("fiscald.thermal._24b_201.nazwa", "name"),
} },
["$b 2"] = { meaning = "take a payment back", fields = {
["Pfx"] = ProtoField.string("fiscald.thermal._24b_202.Pfx", "form of payment"),
["kwota"] = ProtoField.string("fiscald.thermal._24b_202.kwota", "amount"),
["nazwa"] = ProtoField.string("fiscald.thermal._24b_202.nazwa", "name"),
} },
["$e 0"] = { meaning = "cancel the receipt", fields = {
["Pc"] = ProtoField.string("fiscald.thermal._24e_200.Pc", "how the paper ends"),
["Pns"] = ProtoField.string("fiscald.thermal._24e_200.Pns", "a system number follows"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._24e_200.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._24e_200.kasjer", "cashier"),
["numer_systemowy"] = ProtoField.string("fiscald.thermal._24e_200.numer_5fsystemowy", "system number"),
} },
["$e 1"] = { meaning = "close the receipt", fields = {
["Pr"] = ProtoField.string("fiscald.thermal._24e_201.Pr", "discount in per cent"),
["Pn"] = ProtoField.string("fiscald.thermal._24e_201.Pn", "lines of the footer"),
["Pc"] = ProtoField.string("fiscald.thermal._24e_201.Pc", "how the paper ends"),
["Px"] = ProtoField.string("fiscald.thermal._24e_201.Px", "0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge"),
["Py"] = ProtoField.string("fiscald.thermal._24e_201.Py", "not used"),
["kod"] = ProtoField.string("fiscald.thermal._24e_201.kod", "till and cashier"),
["linie"] = ProtoField.string("fiscald.thermal._24e_201.linie", "line of the footer"),
["wplata"] = ProtoField.string("fiscald.thermal._24e_201.wplata", "paid in cash"),
["total"] = ProtoField.string("fiscald.thermal._24e_201.total", "lines of the receipt"),
["rabat"] = ProtoField.string("fiscald.thermal._24e_201.rabat", "discount or surcharge"),
} },
["$x"] = { meaning = "close the receipt", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._24x.Pn", "lines of the footer"),
["Pc"] = ProtoField.string("fiscald.thermal._24x.Pc", "how the paper ends"),
["Py"] = ProtoField.string("fiscald.thermal._24x.Py", "not used"),
["Px"] = ProtoField.string("fiscald.thermal._24x.Px", "0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge"),
["Pg"] = ProtoField.string("fiscald.thermal._24x.Pg", "print the cash"),
["Pk"] = ProtoField.string("fiscald.thermal._24x.Pk", "print the card"),
["Pz"] = ProtoField.string("fiscald.thermal._24x.Pz", "print the cheque"),
["Pb"] = ProtoField.string("fiscald.thermal._24x.Pb", "print the voucher"),
["Po1"] = ProtoField.string("fiscald.thermal._24x.Po1", "compare packaging given out"),
["Po2"] = ProtoField.string("fiscald.thermal._24x.Po2", "compare packaging returned"),
["Pr"] = ProtoField.string("fiscald.thermal._24x.Pr", "print the change as sent"),
["kod"] = ProtoField.string("fiscald.thermal._24x.kod", "till and cashier"),
["teksty"] = ProtoField.string("fiscald.thermal._24x.teksty", "lines of the footer, then names of card, cheque and voucher"),
["total"] = ProtoField.string("fiscald.thermal._24x.total", "lines of the receipt"),
["rabat"] = ProtoField.string("fiscald.thermal._24x.rabat", "discount or surcharge"),
["wplata"] = ProtoField.string("fiscald.thermal._24x.wplata", "paid in cash"),
["karta"] = ProtoField.string("fiscald.thermal._24x.karta", "paid by card"),
["czek"] = ProtoField.string("fiscald.thermal._24x.czek", "paid by cheque"),
["bon"] = ProtoField.string("fiscald.thermal._24x.bon", "paid by voucher"),
["przyjecie"] = ProtoField.string("fiscald.thermal._24x.przyjecie", "packaging given out"),
["wydanie"] = ProtoField.string("fiscald.thermal._24x.wydanie", "packaging returned"),
["reszta"] = ProtoField.string("fiscald.thermal._24x.reszta", "change"),
} },
["$y"] = { meaning = "close the receipt", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._24y.Pn", "lines of the footer"),
["Pc"] = ProtoField.string("fiscald.thermal._24y.Pc", "how the paper ends, 3 further lines follow"),
["Py"] = ProtoField.string("fiscald.thermal._24y.Py", "short summary"),
["Pdsp"] = ProtoField.string("fiscald.thermal._24y.Pdsp", "the display's amount is negative"),
["Px"] = ProtoField.string("fiscald.thermal._24y.Px", "0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge"),
["Pkb"] = ProtoField.string("fiscald.thermal._24y.Pkb", "packaging given out"),
["Pkz"] = ProtoField.string("fiscald.thermal._24y.Pkz", "packaging returned"),
["Pns"] = ProtoField.string("fiscald.thermal._24y.Pns", "a system number is used"),
["Pfn"] = ProtoField.string("fiscald.thermal._24y.Pfn", "forms of payment"),
["Pr"] = ProtoField.string("fiscald.thermal._24y.Pr", "print the change as sent"),
["Pg"] = ProtoField.string("fiscald.thermal._24y.Pg", "paid in cash"),
["Pfx"] = ProtoField.string("fiscald.thermal._24y.Pfx", "form of payment"),
["Psx"] = ProtoField.string("fiscald.thermal._24y.Psx", "a name of the discount follows"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._24y.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._24y.kasjer", "cashier"),
["numer_systemowy"] = ProtoField.string("fiscald.thermal._24y.numer_5fsystemowy", "system number"),
["linie"] = ProtoField.string("fiscald.thermal._24y.linie", "line of the footer"),
["formy"] = ProtoField.string("fiscald.thermal._24y.formy", "name of the form"),
["nr_kaucji_pobr"] = ProtoField.string("fiscald.thermal._24y.nr_5fkaucji_5fpobr", "number of packaging given out"),
["ilosc_kaucji_pobr"] = ProtoField.string("fiscald.thermal._24y.ilosc_5fkaucji_5fpobr", "quantity given out"),
["nr_kaucji_zwr"] = ProtoField.string("fiscald.thermal._24y.nr_5fkaucji_5fzwr", "number of packaging returned"),
["ilosc_kaucji_zwr"] = ProtoField.string("fiscald.thermal._24y.ilosc_5fkaucji_5fzwr", "quantity returned"),
["opis_rabatu"] = ProtoField.string("fiscald.thermal._24y.opis_5frabatu", "name of the discount"),
["total"] = ProtoField.string("fiscald.thermal._24y.total", "lines of the receipt"),
["dsp"] = ProtoField.string("fiscald.thermal._24y.dsp", "on the display"),
["rabat"] = ProtoField.string("fiscald.thermal._24y.rabat", "discount or surcharge"),
["wplata"] = ProtoField.string("fiscald.thermal._24y.wplata", "paid in cash"),
["kwoty"] = ProtoField.string("fiscald.thermal._24y.kwoty", "paid in that form"),
["reszta"] = ProtoField.string("fiscald.thermal._24y.reszta", "change"),
["kaucja_pobr"] = ProtoField.string("fiscald.thermal._24y.kaucja_5fpobr", "value given out"),
["kaucja_zwr"] = ProtoField.string("fiscald.thermal._24y.kaucja_5fzwr", "value returned"),
} },
["$z 4"] = { meaning = "after the closing: packaging given out", fields = {
["nr"] = ProtoField.string("fiscald.thermal._24z_204.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24z_204.ilosc", "quantity"),
["kwota"] = ProtoField.string("fiscald.thermal._24z_204.kwota", "price"),
} },
["$z 8"] = { meaning = "after the closing: packaging returned", fields = {
["nr"] = ProtoField.string("fiscald.thermal._24z_208.nr", "number"),
["ilosc"] = ProtoField.string("fiscald.thermal._24z_208.ilosc", "quantity"),
["kwota"] = ProtoField.string("fiscald.thermal._24z_208.kwota", "price"),
} },
["$z 12"] = { meaning = "after the closing: print payments and change now", fields = {
} },
["$z 20"] = { meaning = "after the closing: line with a keyword", fields = {
["Psx"] = ProtoField.string("fiscald.thermal._24z_2020.Psx", "keyword"),
["tekst"] = ProtoField.string("fiscald.thermal._24z_2020.tekst", "text"),
} },
["$z 24"] = { meaning = "after the closing: lines of the footer", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._24z_2024.Pn", "how many"),
["linie"] = ProtoField.string("fiscald.thermal._24z_2024.linie", "line of the footer"),
} },
["$z 28"] = { meaning = "after the closing: end of the sheet", fields = {
["Pc"] = ProtoField.string("fiscald.thermal._24z_2028.Pc", "how the paper ends"),
} },
["$z 100"] = { meaning = "buyer's number", fields = {
["idtype"] = ProtoField.string("fiscald.thermal._24z_20100.idtype", "kind of it: 1 NIP, 2 REGON, 3 PESEL"),
["id"] = ProtoField.string("fiscald.thermal._24z_20100.id", "number"),
} },
["#r"] = { meaning = "daily report", fields = {
["Ps"] = ProtoField.string("fiscald.thermal._23r.Ps", "1 the date is checked"),
["Py"] = ProtoField.string("fiscald.thermal._23r.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23r.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23r.Pd", "day"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23r.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23r.kasjer", "cashier"),
} },
["#o 16"] = { meaning = "periodic report by numbers", fields = {
["Od"] = ProtoField.string("fiscald.thermal._23o_2016.Od", "from number"),
["Do"] = ProtoField.string("fiscald.thermal._23o_2016.Do", "to number"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23o_2016.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23o_2016.kasjer", "cashier"),
} },
["#o 17"] = { meaning = "summary of daily reports by numbers", fields = {
["Od"] = ProtoField.string("fiscald.thermal._23o_2017.Od", "from number"),
["Do"] = ProtoField.string("fiscald.thermal._23o_2017.Do", "to number"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23o_2017.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23o_2017.kasjer", "cashier"),
} },
["#o"] = { meaning = "periodic report", fields = {
["Py1"] = ProtoField.string("fiscald.thermal._23o.Py1", "from year"),
["Pm1"] = ProtoField.string("fiscald.thermal._23o.Pm1", "from month"),
["Pd1"] = ProtoField.string("fiscald.thermal._23o.Pd1", "from day"),
["Py2"] = ProtoField.string("fiscald.thermal._23o.Py2", "to year"),
["Pm2"] = ProtoField.string("fiscald.thermal._23o.Pm2", "to month"),
["Pd2"] = ProtoField.string("fiscald.thermal._23o.Pd2", "to day"),
["Pt"] = ProtoField.string("fiscald.thermal._23o.Pt", "kind of report"),
["nr_kasy"] = ProtoField.string("fiscald.thermal._23o.nr_5fkasy", "till"),
["kasjer"] = ProtoField.string("fiscald.thermal._23o.kasjer", "cashier"),
} },
["#Z"] = { meaning = "result", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._23Z.Pe", "error"),
["rozkaz"] = ProtoField.string("fiscald.thermal._23Z.rozkaz", "command"),
} },
["#X 1"] = { meaning = "status", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._23X_201.Pe", "error of the last command"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_201.Pm", "1 fiscal mode, 0 training"),
["Pt"] = ProtoField.string("fiscald.thermal._23X_201.Pt", "1 a receipt is open"),
["Px"] = ProtoField.string("fiscald.thermal._23X_201.Px", "1 the last receipt was completed"),
["Pf"] = ProtoField.string("fiscald.thermal._23X_201.Pf", "always 1"),
["Pz"] = ProtoField.string("fiscald.thermal._23X_201.Pz", "memory resets"),
["Py"] = ProtoField.string("fiscald.thermal._23X_201.Py", "last record, year"),
["Pmies"] = ProtoField.string("fiscald.thermal._23X_201.Pmies", "last record, month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_201.Pd", "last record, day"),
["ptuA"] = ProtoField.string("fiscald.thermal._23X_201.ptuA", "rate A"),
["ptuB"] = ProtoField.string("fiscald.thermal._23X_201.ptuB", "rate B"),
["ptuC"] = ProtoField.string("fiscald.thermal._23X_201.ptuC", "rate C"),
["ptuD"] = ProtoField.string("fiscald.thermal._23X_201.ptuD", "rate D"),
["ptuE"] = ProtoField.string("fiscald.thermal._23X_201.ptuE", "rate E"),
["ptuF"] = ProtoField.string("fiscald.thermal._23X_201.ptuF", "rate F"),
["ptuG"] = ProtoField.string("fiscald.thermal._23X_201.ptuG", "rate G"),
["ptu"] = ProtoField.string("fiscald.thermal._23X_201.ptu", "rate in use"),
["par_num"] = ProtoField.string("fiscald.thermal._23X_201.par_5fnum", "receipts of the day, or of all days"),
["totA"] = ProtoField.string("fiscald.thermal._23X_201.totA", "totals in rate A"),
["totB"] = ProtoField.string("fiscald.thermal._23X_201.totB", "totals in rate B"),
["totC"] = ProtoField.string("fiscald.thermal._23X_201.totC", "totals in rate C"),
["totD"] = ProtoField.string("fiscald.thermal._23X_201.totD", "totals in rate D"),
["totE"] = ProtoField.string("fiscald.thermal._23X_201.totE", "totals in rate E"),
["totF"] = ProtoField.string("fiscald.thermal._23X_201.totF", "totals in rate F"),
["totG"] = ProtoField.string("fiscald.thermal._23X_201.totG", "totals in rate G"),
["tot"] = ProtoField.string("fiscald.thermal._23X_201.tot", "totals in a rate in use, the exempt one last"),
["cash"] = ProtoField.string("fiscald.thermal._23X_201.cash", "cash in the drawer"),
["nr_unikatowy"] = ProtoField.string("fiscald.thermal._23X_201.nr_5funikatowy", "unique number"),
} },
["#X 2"] = { meaning = "status", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._23X_202.Pe", "error of the last command"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_202.Pm", "1 fiscal mode, 0 training"),
["Pt"] = ProtoField.string("fiscald.thermal._23X_202.Pt", "1 a receipt is open"),
["Px"] = ProtoField.string("fiscald.thermal._23X_202.Px", "1 the last receipt was completed"),
["Pf"] = ProtoField.string("fiscald.thermal._23X_202.Pf", "always 1"),
["Pz"] = ProtoField.string("fiscald.thermal._23X_202.Pz", "memory resets"),
["Py"] = ProtoField.string("fiscald.thermal._23X_202.Py", "last record, year"),
["Pmies"] = ProtoField.string("fiscald.thermal._23X_202.Pmies", "last record, month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_202.Pd", "last record, day"),
["ptuA"] = ProtoField.string("fiscald.thermal._23X_202.ptuA", "rate A"),
["ptuB"] = ProtoField.string("fiscald.thermal._23X_202.ptuB", "rate B"),
["ptuC"] = ProtoField.string("fiscald.thermal._23X_202.ptuC", "rate C"),
["ptuD"] = ProtoField.string("fiscald.thermal._23X_202.ptuD", "rate D"),
["ptuE"] = ProtoField.string("fiscald.thermal._23X_202.ptuE", "rate E"),
["ptuF"] = ProtoField.string("fiscald.thermal._23X_202.ptuF", "rate F"),
["ptuG"] = ProtoField.string("fiscald.thermal._23X_202.ptuG", "rate G"),
["par_num"] = ProtoField.string("fiscald.thermal._23X_202.par_5fnum", "receipts of the day, or of all days"),
["totA"] = ProtoField.string("fiscald.thermal._23X_202.totA", "totals in rate A"),
["totB"] = ProtoField.string("fiscald.thermal._23X_202.totB", "totals in rate B"),
["totC"] = ProtoField.string("fiscald.thermal._23X_202.totC", "totals in rate C"),
["totD"] = ProtoField.string("fiscald.thermal._23X_202.totD", "totals in rate D"),
["totE"] = ProtoField.string("fiscald.thermal._23X_202.totE", "totals in rate E"),
["totF"] = ProtoField.string("fiscald.thermal._23X_202.totF", "totals in rate F"),
["totG"] = ProtoField.string("fiscald.thermal._23X_202.totG", "totals in rate G"),
["cash"] = ProtoField.string("fiscald.thermal._23X_202.cash", "cash in the drawer"),
["nr_unikatowy"] = ProtoField.string("fiscald.thermal._23X_202.nr_5funikatowy", "unique number"),
} },
["#X 3"] = { meaning = "records, and the receipt by rate", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23X_203.Py", "fiscalised, year"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_203.Pm", "fiscalised, month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_203.Pd", "fiscalised, day"),
["n_dobowych"] = ProtoField.string("fiscald.thermal._23X_203.n_5fdobowych", "daily reports made"),
["n_wolnych"] = ProtoField.string("fiscald.thermal._23X_203.n_5fwolnych", "free records"),
["n_zablokowanych"] = ProtoField.string("fiscald.thermal._23X_203.n_5fzablokowanych", "blocked goods"),
["pA"] = ProtoField.string("fiscald.thermal._23X_203.pA", "receipt in rate A"),
["pB"] = ProtoField.string("fiscald.thermal._23X_203.pB", "receipt in rate B"),
["pC"] = ProtoField.string("fiscald.thermal._23X_203.pC", "receipt in rate C"),
["pD"] = ProtoField.string("fiscald.thermal._23X_203.pD", "receipt in rate D"),
["pE"] = ProtoField.string("fiscald.thermal._23X_203.pE", "receipt in rate E"),
["pF"] = ProtoField.string("fiscald.thermal._23X_203.pF", "receipt in rate F"),
["pG"] = ProtoField.string("fiscald.thermal._23X_203.pG", "receipt in rate G"),
} },
["#X 10"] = { meaning = "the open day", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23X_2010.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_2010.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_2010.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._23X_2010.Ph", "hour"),
["Pmin"] = ProtoField.string("fiscald.thermal._23X_2010.Pmin", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._23X_2010.Ps", "second"),
["parag"] = ProtoField.string("fiscald.thermal._23X_2010.parag", "receipts of the day"),
["anul"] = ProtoField.string("fiscald.thermal._23X_2010.anul", "cancelled receipts of the day"),
["zmiany"] = ProtoField.string("fiscald.thermal._23X_2010.zmiany", "changes in the goods base"),
["anul_kwota"] = ProtoField.string("fiscald.thermal._23X_2010.anul_5fkwota", "value of cancelled receipts"),
["totA"] = ProtoField.string("fiscald.thermal._23X_2010.totA", "totals in rate A"),
["totB"] = ProtoField.string("fiscald.thermal._23X_2010.totB", "totals in rate B"),
["totC"] = ProtoField.string("fiscald.thermal._23X_2010.totC", "totals in rate C"),
["totD"] = ProtoField.string("fiscald.thermal._23X_2010.totD", "totals in rate D"),
["totE"] = ProtoField.string("fiscald.thermal._23X_2010.totE", "totals in rate E"),
["totF"] = ProtoField.string("fiscald.thermal._23X_2010.totF", "totals in rate F"),
["totG"] = ProtoField.string("fiscald.thermal._23X_2010.totG", "totals in rate G"),
} },
["#X 11"] = { meaning = "record of the fiscal memory: a change of the rates", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23X_2011.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_2011.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_2011.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._23X_2011.Ph", "hour"),
["Pmin"] = ProtoField.string("fiscald.thermal._23X_2011.Pmin", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._23X_2011.Ps", "second"),
["z1"] = ProtoField.string("fiscald.thermal._23X_2011.z1", "not used"),
["z2"] = ProtoField.string("fiscald.thermal._23X_2011.z2", "not used"),
["z3"] = ProtoField.string("fiscald.thermal._23X_2011.z3", "not used"),
["z4"] = ProtoField.string("fiscald.thermal._23X_2011.z4", "not used"),
["ptuA"] = ProtoField.string("fiscald.thermal._23X_2011.ptuA", "VAT rate A"),
["ptuB"] = ProtoField.string("fiscald.thermal._23X_2011.ptuB", "VAT rate B"),
["ptuC"] = ProtoField.string("fiscald.thermal._23X_2011.ptuC", "VAT rate C"),
["ptuD"] = ProtoField.string("fiscald.thermal._23X_2011.ptuD", "VAT rate D"),
["ptuE"] = ProtoField.string("fiscald.thermal._23X_2011.ptuE", "VAT rate E"),
["ptuF"] = ProtoField.string("fiscald.thermal._23X_2011.ptuF", "VAT rate F"),
["ptuG"] = ProtoField.string("fiscald.thermal._23X_2011.ptuG", "VAT rate G"),
} },
["#X 25"] = { meaning = "no more records of the fiscal memory", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23X_2025.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23X_2025.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23X_2025.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._23X_2025.Ph", "hour"),
["Pmin"] = ProtoField.string("fiscald.thermal._23X_2025.Pmin", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._23X_2025.Ps", "second"),
["parag"] = ProtoField.string("fiscald.thermal._23X_2025.parag", "not used"),
["anul"] = ProtoField.string("fiscald.thermal._23X_2025.anul", "not used"),
["zmiany"] = ProtoField.string("fiscald.thermal._23X_2025.zmiany", "not used"),
["anul_kwota"] = ProtoField.string("fiscald.thermal._23X_2025.anul_5fkwota", "not used"),
["totA"] = ProtoField.string("fiscald.thermal._23X_2025.totA", "not used A"),
["totB"] = ProtoField.string("fiscald.thermal._23X_2025.totB", "not used B"),
["totC"] = ProtoField.string("fiscald.thermal._23X_2025.totC", "not used C"),
["totD"] = ProtoField.string("fiscald.thermal._23X_2025.totD", "not used D"),
["totE"] = ProtoField.string("fiscald.thermal._23X_2025.totE", "not used E"),
["totF"] = ProtoField.string("fiscald.thermal._23X_2025.totF", "not used F"),
["totG"] = ProtoField.string("fiscald.thermal._23X_2025.totG", "not used G"),
} },
["#X 50"] = { meaning = "number of the last printed document", fields = {
["numer"] = ProtoField.string("fiscald.thermal._23X_2050.numer", "its number"),
["dalsze"] = ProtoField.string("fiscald.thermal._23X_2050.dalsze", "differs between brands"),
} },
["#X 100"] = { meaning = "the open or last receipt by rate", fields = {
["Pn"] = ProtoField.string("fiscald.thermal._23X_20100.Pn", "0 gross, 1 net, 2 VAT"),
["Pt"] = ProtoField.string("fiscald.thermal._23X_20100.Pt", "0 none, 1 receipt, 17 receipt in block mode, 19 invoice"),
["total"] = ProtoField.string("fiscald.thermal._23X_20100.total", "total"),
["vA"] = ProtoField.string("fiscald.thermal._23X_20100.vA", "value in rate A"),
["vB"] = ProtoField.string("fiscald.thermal._23X_20100.vB", "value in rate B"),
["vC"] = ProtoField.string("fiscald.thermal._23X_20100.vC", "value in rate C"),
["vD"] = ProtoField.string("fiscald.thermal._23X_20100.vD", "value in rate D"),
["vE"] = ProtoField.string("fiscald.thermal._23X_20100.vE", "value in rate E"),
["vF"] = ProtoField.string("fiscald.thermal._23X_20100.vF", "value in rate F"),
["vG"] = ProtoField.string("fiscald.thermal._23X_20100.vG", "value in rate G"),
["f"] = ProtoField.string("fiscald.thermal._23X_20100.f", "not known"),
} },
["#X 210"] = { meaning = "the protected memory, and the id of its last document", fields = {
["numer"] = ProtoField.string("fiscald.thermal._23X_20210.numer", "its number"),
["etykieta"] = ProtoField.string("fiscald.thermal._23X_20210.etykieta", "its label"),
["stan"] = ProtoField.string("fiscald.thermal._23X_20210.stan", "id of the last document, number of its first daily report, free space, space"),
} },
["@PMD"] = { meaning = "a document of the protected memory", fields = {
["status"] = ProtoField.string("fiscald.thermal._40PMD.status", "0 more follows, 1 whole, 2 there is none, 9 error"),
["typ"] = ProtoField.string("fiscald.thermal._40PMD.typ", "kind"),
["rozmiar"] = ProtoField.string("fiscald.thermal._40PMD.rozmiar", "size"),
["pozycja"] = ProtoField.string("fiscald.thermal._40PMD.pozycja", "where this part begins"),
["jpkid"] = ProtoField.string("fiscald.thermal._40PMD.jpkid", "id"),
["nabywca"] = ProtoField.string("fiscald.thermal._40PMD.nabywca", "buyer's code"),
["dane"] = ProtoField.string("fiscald.thermal._40PMD.dane", "content, packed"),
} },
["#E 1"] = { meaning = "error of the last command", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._23E_201.Pe", "error"),
} },
["#R 1"] = { meaning = "model and firmware", fields = {
["typ"] = ProtoField.string("fiscald.thermal._23R_201.typ", "model"),
["wersja"] = ProtoField.string("fiscald.thermal._23R_201.wersja", "firmware"),
} },
["#C 1"] = { meaning = "the printer's clock", fields = {
["Py"] = ProtoField.string("fiscald.thermal._23C_201.Py", "year"),
["Pm"] = ProtoField.string("fiscald.thermal._23C_201.Pm", "month"),
["Pd"] = ProtoField.string("fiscald.thermal._23C_201.Pd", "day"),
["Ph"] = ProtoField.string("fiscald.thermal._23C_201.Ph", "hour"),
["Pmin"] = ProtoField.string("fiscald.thermal._23C_201.Pmin", "minute"),
["Ps"] = ProtoField.string("fiscald.thermal._23C_201.Ps", "second"),
} },
["#U 1"] = { meaning = "the header", fields = {
["naglowek"] = ProtoField.string("fiscald.thermal._23U_201.naglowek", "text"),
} },
["$G 1"] = { meaning = "may this name be sold at this rate", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._24G_201.Pe", "error"),
["ptu"] = ProtoField.string("fiscald.thermal._24G_201.ptu", "rate"),
} },
["@s"] = { meaning = "extended state", fields = {
["Pe"] = ProtoField.string("fiscald.thermal._40s.Pe", "error of the last command"),
["nr_wydruku"] = ProtoField.string("fiscald.thermal._40s.nr_5fwydruku", "last printed document"),
["nr_paragonu"] = ProtoField.string("fiscald.thermal._40s.nr_5fparagonu", "last receipt"),
["stan"] = ProtoField.string("fiscald.thermal._40s.stan", "state, eight hexadecimal digits"),
} },
}
family.common = {
["param"] = ProtoField.string("fiscald.thermal.param", "a parameter of no known meaning"),
["string"] = ProtoField.string("fiscald.thermal.string", "fields of no known layout"),
}
family.errors = {
["1"] = { "1", "the clock was never set", "zegar drukarki nie jest ustawiony; wezwij serwis" },
["2"] = { "2", "the check byte does not fit the command", "zakłócenia w połączeniu z drukarką; sprawdź kabel" },
["3"] = { "3", "wrong number of parameters", "błąd programu: niepoprawna liczba danych w poleceniu dla drukarki" },
["4"] = { "4", "a parameter does not fit, or the line's number is not the next one", "niepoprawna wartość w poleceniu dla drukarki" },
["5"] = { "5", "the clock could not be written or read, or was already changed once", "błąd zegara drukarki; wezwij serwis" },
["6"] = { "6", "fault of the fiscal memory, or no change of rates left", "błąd pamięci fiskalnej drukarki; wezwij serwis" },
["7"] = { "7", "the date is earlier than the last fiscal record, or not the printer's own", "data nie zgadza się z datą drukarki; sprawdź zegar drukarki" },
["8"] = { "8", "not possible before a daily report: the day's totals are not zero", "najpierw trzeba wykonać raport dobowy" },
["9"] = { "9", "fault of the mechanism, or the service jumper is not removed", "błąd mechanizmu drukarki; wezwij serwis" },
["10"] = { "10", "the clock may not be changed so far", "niedozwolona zmiana zegara drukarki" },
["11"] = { "11", "wrong number of VAT rates, or a value that is none", "błędne stawki PTU" },
["12"] = { "12", "the header is too long, empty or missing", "błędny nagłówek drukarki lub jego brak" },
["13"] = { "13", "the device is fiscalised already", "drukarka jest już zafiskalizowana" },
["14"] = { "14", "no header goes into the memory of a fiscalised device", "błąd zapisu nagłówka drukarki" },
["15"] = { "15", "the additional lines are not acceptable", "błędne linie dodatkowe" },
["16"] = { "16", "the name of the goods is empty or too long", "błędna nazwa towaru" },
["17"] = { "17", "the quantity or the number of packaging is empty, too long or wrong", "błędna ilość" },
["18"] = { "18", "no such VAT rate, an inactive one, or goods blocked by the control of rates", "błędna stawka PTU lub towar zablokowany: był sprzedawany z inną stawką" },
["19"] = { "19", "the price is not acceptable, or a sum is too large", "błędna cena" },
["20"] = { "20", "the line's value is not price times quantity, or its discount leaves less than nothing", "wartość pozycji lub rabatu nie zgadza się z obliczeniem drukarki" },
["21"] = { "21", "no receipt is open", "paragon nie jest rozpoczęty" },
["22"] = { "22", "the storno fits no line, or a sum would be negative", "błędne storno lub ujemna wartość" },
["23"] = { "23", "nothing was sold, or not as many lines as announced", "brak sprzedaży na paragonie" },
["24"] = { "24", "the printer's buffer overflowed", "przepełniony bufor drukarki" },
["25"] = { "25", "the code of register and cashier or the lines of the footer are not acceptable", "błędny kod kasy i kasjera lub błędny tekst stopki" },
["26"] = { "26", "a payment, its currency or the packaging differs from the printer's sum", "wartość płatności nie zgadza się z obliczeniem drukarki" },
["27"] = { "27", "the total or the discount differs from the printer's sum", "suma paragonu nie zgadza się z obliczeniem drukarki" },
["28"] = { "28", "the totals of the day are full", "totalizery drukarki są pełne; wykonaj raport dobowy" },
["29"] = { "29", "no receipt is open that could be closed", "nie ma rozpoczętego paragonu" },
["30"] = { "30", "the amount of cash is not acceptable", "błędna kwota wpłaty lub wypłaty" },
["31"] = { "31", "too much cash in the drawer; its state is now the amount sent", "za duży stan kasy" },
["32"] = { "32", "not so much cash in the drawer; its state is now zero", "za mało gotówki w kasie" },
["33"] = { "33", "the text of shift or cashier is not acceptable", "błędna nazwa zmiany lub kasjera" },
["34"] = { "34", "an amount or another text is not acceptable", "błędna kwota lub tekst" },
["35"] = { "35", "there is nothing to report: the day's totals are zero", "nie ma sprzedaży do raportu dobowego" },
["36"] = { "36", "a report of this date exists already, and there is nothing new to report", "raport dobowy z tą datą już wykonano" },
["37"] = { "37", "a person broke it off on the keypad", "czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany" },
["38"] = { "38", "goods base: the name is not acceptable", "błędna nazwa towaru" },
["39"] = { "39", "goods base: the rate is not acceptable", "błędna stawka PTU towaru" },
["40"] = { "40", "no header, or the fiscal mode is blocked", "brak nagłówka lub zablokowany tryb fiskalny drukarki; wezwij serwis" },
["41"] = { "41", "card slip: number of the register", "błędny numer kasy na potwierdzeniu płatności kartą" },
["42"] = { "42", "card slip: number of the cashier", "błędny numer kasjera na potwierdzeniu płatności kartą" },
["43"] = { "43", "card slip: number of the receipt", "błędny numer paragonu na potwierdzeniu płatności kartą" },
["44"] = { "44", "card slip: customer", "błędny kontrahent na potwierdzeniu płatności kartą" },
["45"] = { "45", "card slip: terminal", "błędny terminal na potwierdzeniu płatności kartą" },
["46"] = { "46", "card slip: name of the card", "błędna nazwa karty" },
["47"] = { "47", "card slip: number of the card", "błędny numer karty" },
["48"] = { "48", "card slip: month of validity", "błędny miesiąc ważności karty" },
["49"] = { "49", "card slip: year of validity", "błędny rok ważności karty" },
["50"] = { "50", "card slip: authorisation code", "błędny kod autoryzacji karty" },
["51"] = { "51", "card slip: amount", "błędna kwota płatności kartą" },
["52"] = { "52", "the pricing table is not empty", "tabela wycen nie jest pusta" },
["53"] = { "53", "the value differs from the pricing", "wartość nie zgadza się z wyceną" },
["54"] = { "54", "the drug was not priced", "lek nie został wyceniony" },
["55"] = { "55", "the drug has no description", "brak opisu leku" },
["56"] = { "56", "the fee is not acceptable", "błędna opłata" },
["57"] = { "57", "the pricing table is full", "tabela wycen jest pełna" },
["58"] = { "58", "the receipt is too long for the printer's memory", "paragon jest za długi dla pamięci drukarki" },
["80"] = { "80", "goods base: the change of the rate failed", "błąd bazy towarowej przy zmianie stawki" },
["81"] = { "81", "a printout of the goods base is asked for", "drukarka żąda wydruku bazy towarowej" },
["82"] = { "82", "not possible in the printer's present state", "polecenie niedozwolone w obecnym stanie drukarki" },
["83"] = { "83", "the value of the packaging is not acceptable", "błędna wartość opakowania" },
["84"] = { "84", "too many different texts since the last daily report", "za dużo różnych tekstów dodatkowych od raportu dobowego" },
["85"] = { "85", "the VAT rates are not programmed", "nie zaprogramowano stawek PTU" },
["90"] = { "90", "the receipt began with packaging; goods are refused on it", "na paragonie z samymi opakowaniami nie można sprzedać towaru" },
["91"] = { "91", "payments were sent already, or those of the closing differ from them", "płatności nie zgadzają się z wcześniejszymi" },
["92"] = { "92", "the goods base is full", "baza towarowa drukarki jest pełna" },
["93"] = { "93", "no such payment to take back", "błędne anulowanie płatności" },
["94"] = { "94", "the value of the sale is too large", "za duża wartość sprzedaży" },
["95"] = { "95", "a receipt is open already", "paragon jest już rozpoczęty" },
["96"] = { "96", "the receipt was given up: nothing was sent for too long", "paragon przerwano, bo trwał za długo" },
["97"] = { "97", "sale blocked: the battery is low", "sprzedaż zablokowana: rozładowany akumulator drukarki" },
["98"] = { "98", "sale blocked: the service jumper is in place", "sprzedaż zablokowana: założona zwora serwisowa; wezwij serwis" },
["99"] = { "99", "the command is not allowed", "polecenie niedozwolone" },
["110"] = { "110", "no room in the memory of the electronic journal", "brak miejsca w pamięci kopii elektronicznej" },
["111"] = { "111", "the electronic journal was not written to its medium", "nie zapisano kopii elektronicznej na nośniku" },
["112"] = { "112", "the printer is not ready yet", "drukarka nie jest jeszcze gotowa" },
["113"] = { "113", "the currency was already changed, or its change failed", "błąd zmiany waluty ewidencyjnej" },
["255"] = { "255", "the printer does not know this command", "błąd programu: drukarka nie zna tego polecenia" },
["500"] = { "500", "wrong type of receipt", "zły rodzaj paragonu" },
["502"] = { "502", "unknown relief", "nieznana ulga" },
["503"] = { "503", "a discount is forbidden", "rabat zabroniony" },
["1000"] = { "1000", "initialisation failed", "błąd inicjalizacji drukarki; wezwij serwis" },
["1001"] = { "1001", "the memory is damaged", "uszkodzona pamięć RAM drukarki; wezwij serwis" },
["1002"] = { "1002", "a receipt is open already", "paragon jest już rozpoczęty" },
["1003"] = { "1003", "no such VAT rate", "brak stawki PTU" },
["1004"] = { "1004", "the discount is not acceptable", "błędny rabat" },
["1005"] = { "1005", "the data are not acceptable", "błędne dane" },
["1006"] = { "1006", "the printer is not in fiscal mode", "drukarka nie jest w trybie fiskalnym" },
["1007"] = { "1007", "the VAT rates are not programmed", "nie zaprogramowano stawek PTU" },
["1008"] = { "1008", "the fiscal memory is full", "pamięć fiskalna jest pełna; wezwij serwis" },
["1009"] = { "1009", "checksum of the memory", "błąd sumy kontrolnej pamięci drukarki; wezwij serwis" },
["1010"] = { "1010", "checksum of the goods base", "błąd sumy kontrolnej bazy towarowej; wezwij serwis" },
["1011"] = { "1011", "checksum of the header", "błąd sumy kontrolnej nagłówka; wezwij serwis" },
["1012"] = { "1012", "checksum of the cashier's name", "błąd sumy kontrolnej nazwy kasjera; wezwij serwis" },
["1013"] = { "1013", "checksum of the register's number", "błąd sumy kontrolnej numeru kasy; wezwij serwis" },
["1014"] = { "1014", "an update failed", "nie powiodła się aktualizacja drukarki; wezwij serwis" },
["1015"] = { "1015", "the unique number is not programmed", "brak numeru unikatowego drukarki" },
["1016"] = { "1016", "no fiscal memory", "brak pamięci fiskalnej; wezwij serwis" },
["1017"] = { "1017", "no printing mechanism", "brak mechanizmu drukującego; wezwij serwis" },
["1018"] = { "1018", "no display", "brak wyświetlacza; wezwij serwis" },
["1019"] = { "1019", "the fiscal memory was exchanged", "wymieniono pamięć fiskalną; wezwij serwis" },
["1020"] = { "1020", "the same VAT rates are programmed already", "takie stawki PTU są już zaprogramowane" },
["1021"] = { "1021", "the device is read-only", "drukarka jest w trybie tylko do odczytu" },
["1022"] = { "1022", "the printer does not know this command", "błąd programu: drukarka nie zna tego polecenia" },
["1023"] = { "1023", "the command is not built as it should be", "błąd programu: błędne polecenie dla drukarki" },
["1024"] = { "1024", "the range of the report is not acceptable", "błędny zakres raportu" },
["1025"] = { "1025", "no data in this range", "brak danych w podanym zakresie" },
["1026"] = { "1026", "the receive buffer overflowed", "przepełniony bufor odbiorczy drukarki" },
["1027"] = { "1027", "the fiscal mode is not finished", "niezakończony tryb fiskalny" },
["1028"] = { "1028", "the fiscal memory is damaged", "uszkodzona pamięć fiskalna; wezwij serwis" },
["1029"] = { "1029", "a limit of the fiscal memory is exceeded", "przekroczony limit pamięci fiskalnej; wezwij serwis" },
["1030"] = { "1030", "the map of the fiscal memory is damaged", "uszkodzona mapa pamięci fiskalnej; wezwij serwis" },
["1031"] = { "1031", "the command does not belong to this mode", "polecenie niedozwolone w tym trybie" },
["1032"] = { "1032", "a wrong pointer of a frame", "błąd programu: błędny wskaźnik ramki" },
["1033"] = { "1033", "the fiscal memory is busy", "pamięć fiskalna jest zajęta" },
["1034"] = { "1034", "the printer is busy", "drukarka jest zajęta" },
["1037"] = { "1037", "no paper", "brak papieru" },
["1038"] = { "1038", "electronic copy: it could not be written", "błąd zapisu kopii elektronicznej" },
["1039"] = { "1039", "electronic copy: the card could not be installed", "błąd instalacji karty kopii elektronicznej" },
["1040"] = { "1040", "electronic copy: the card is closed", "karta kopii elektronicznej jest zamknięta" },
["1041"] = { "1041", "electronic copy: its check failed", "błąd weryfikacji kopii elektronicznej" },
["1042"] = { "1042", "electronic copy: its cache is full", "pamięć podręczna kopii elektronicznej jest pełna" },
["1043"] = { "1043", "electronic copy: not saved", "nie zapisano kopii elektronicznej" },
["1044"] = { "1044", "electronic copy: it could not be printed", "błąd wydruku kopii elektronicznej" },
["1045"] = { "1045", "electronic copy: no card", "brak karty kopii elektronicznej" },
["1046"] = { "1046", "no data", "brak danych" },
["1047"] = { "1047", "electronic copy: the card is not ready", "karta kopii elektronicznej nie jest gotowa" },
["1048"] = { "1048", "electronic copy: the card could not be closed", "błąd zamknięcia karty kopii elektronicznej" },
["1049"] = { "1049", "electronic copy: the card could not be opened", "błąd otwarcia karty kopii elektronicznej" },
["1050"] = { "1050", "electronic copy: its file id.txt", "błąd pliku id.txt kopii elektronicznej" },
["1051"] = { "1051", "electronic copy: its file no.txt", "błąd pliku no.txt kopii elektronicznej" },
["1052"] = { "1052", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1053"] = { "1053", "electronic copy: its password", "błędne hasło kopii elektronicznej" },
["1054"] = { "1054", "no access", "brak dostępu" },
["1055"] = { "1055", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1056"] = { "1056", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1057"] = { "1057", "electronic copy: its base of cards", "błąd bazy kart kopii elektronicznej" },
["1058"] = { "1058", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1070"] = { "1070", "the graphics of the header failed", "błąd grafiki nagłówka" },
["1073"] = { "1073", "graphics could not be printed", "błąd wydruku grafiki" },
["1075"] = { "1075", "the graphics is not acceptable", "błędna grafika" },
["1076"] = { "1076", "this graphics is programmed already", "grafika jest już zaprogramowana" },
["1078"] = { "1078", "a transaction of the printer's database failed", "błąd bazy danych drukarki; wezwij serwis" },
["1079"] = { "1079", "the memory for advertisements is full", "pamięć reklam jest pełna" },
["1083"] = { "1083", "the advertisement is in use", "reklama jest używana" },
["1085"] = { "1085", "date or time does not match the last fiscal record", "data lub czas nie zgadza się z ostatnim zapisem w pamięci fiskalnej" },
["1086"] = { "1086", "fault of the printing service (older firmware: a daily report is overdue)", "błąd usługi drukowania lub brak zaległego raportu dobowego" },
["1088"] = { "1088", "no protected memory (older firmware: limit of memory resets)", "brak pamięci chronionej lub przekroczony limit zerowań pamięci; wezwij serwis" },
["1089"] = { "1089", "fault of the protected memory", "błąd pamięci chronionej; wezwij serwis" },
["1090"] = { "1090", "no room in the exchange file", "brak miejsca w pliku wymiany" },
["1091"] = { "1091", "fault of the table of contents", "błąd bazy spisu treści; wezwij serwis" },
["1092"] = { "1092", "there is nothing on the receipt", "brak pozycji na paragonie" },
["1093"] = { "1093", "fault of the process status", "błąd statusu procesu drukarki" },
["1094"] = { "1094", "the schedule is not set up", "błąd konfiguracji harmonogramu" },
["1095"] = { "1095", "fault of the fiscalisation", "błąd fiskalizacji" },
["1096"] = { "1096", "no connection to the security module", "błąd połączenia z modułem zabezpieczeń; wezwij serwis" },
["1097"] = { "1097", "a name could not be resolved", "błąd sieci drukarki (DNS)" },
["1098"] = { "1098", "the buyer's NIP is missing or not valid", "brak NIP nabywcy lub jest on błędny" },
["1099"] = { "1099", "the protected memory could not be written", "błąd zapisu pamięci chronionej; wezwij serwis" },
["1100"] = { "1100", "sale is blocked", "sprzedaż zablokowana" },
["1101"] = { "1101", "no data of the buyer", "brak danych nabywcy" },
["1102"] = { "1102", "the protected memory could not be read", "błąd dostępu do pamięci chronionej; wezwij serwis" },
["1103"] = { "1103", "no certificates", "brak certyfikatów drukarki" },
["1104"] = { "1104", "no name of the buyer", "brak nazwy nabywcy" },
["1105"] = { "1105", "checksum of the program", "błąd sumy kontrolnej programu drukarki; wezwij serwis" },
["1106"] = { "1106", "nothing to download", "nie ma czego pobrać" },
["1107"] = { "1107", "nothing to install", "nie ma czego zainstalować" },
["1108"] = { "1108", "no power supply", "brak zasilania drukarki; podłącz zasilacz" },
["1109"] = { "1109", "the number of the invoice is not acceptable", "błędny numer faktury" },
["1110"] = { "1110", "a certificate could not be written", "błąd zapisu certyfikatu" },
["1111"] = { "1111", "limit of memory resets reached", "przekroczony limit zerowań pamięci; wezwij serwis" },
["1112"] = { "1112", "the fiscalisation is finished", "fiskalizacja jest zakończona" },
["1113"] = { "1113", "the fiscalisation is not finished", "fiskalizacja nie jest zakończona" },
["1114"] = { "1114", "the fiscal memory could not be written", "błąd zapisu pamięci fiskalnej; wezwij serwis" },
["1115"] = { "1115", "a surcharge is forbidden", "narzut zabroniony" },
["1116"] = { "1116", "an overdue daily report must be made first", "najpierw trzeba wykonać zaległy raport dobowy" },
["1117"] = { "1117", "discounts and surcharges are forbidden", "rabat i narzut zabronione" },
["1118"] = { "1118", "too many items on the ticket", "za dużo pozycji na bilecie" },
["1119"] = { "1119", "a printout from the protected memory is open", "trwa wydruk z pamięci chronionej" },
["1120"] = { "1120", "no printout from the protected memory is open", "nie rozpoczęto wydruku z pamięci chronionej" },
["1500"] = { "1500", "the index of the spare is not acceptable", "błędny indeks" },
["1501"] = { "1501", "the memory is full", "pamięć drukarki jest pełna" },
["1502"] = { "1502", "a verification failed", "błąd weryfikacji" },
["1503"] = { "1503", "the change of the server is blocked", "zmiana serwera jest zablokowana" },
["1504"] = { "1504", "electronic receipts are not active", "e-paragony nie są aktywne" },
["1505"] = { "1505", "checksum of the fiscal memory's program", "błąd sumy kontrolnej programu pamięci fiskalnej; wezwij serwis" },
["1506"] = { "1506", "unknown VAT rate", "nieznana stawka PTU" },
["1507"] = { "1507", "the number of the car is not acceptable", "błędny numer boczny" },
["1508"] = { "1508", "the name of the stop is not acceptable", "błędna nazwa przystanku" },
["1509"] = { "1509", "date or time is not acceptable", "błędna data lub czas" },
["1510"] = { "1510", "the voltage is not right", "błędne napięcie zasilania drukarki" },
["1511"] = { "1511", "no connection", "błąd połączenia" },
["1512"] = { "1512", "the temperature is not right", "niewłaściwa temperatura drukarki" },
["1513"] = { "1513", "an additional line is too long", "za długa linia dodatkowa" },
["1514"] = { "1514", "the relief is not acceptable", "błędna ulga" },
["1515"] = { "1515", "a refund is forbidden", "zwrot zabroniony" },
["1516"] = { "1516", "an invoice is open already", "faktura jest już rozpoczęta" },
["1517"] = { "1517", "the pharmacy is blocked", "tryb apteczny jest zablokowany" },
["1518"] = { "1518", "the ticket is blocked", "bilet jest zablokowany" },
["1519"] = { "1519", "the printer is not fiscalised", "drukarka jest w trybie niefiskalnym" },
["1520"] = { "1520", "there is no daily report", "brak raportu dobowego" },
["1521"] = { "1521", "the transaction's id has a wrong length", "błędna długość identyfikatora transakcji" },
["1522"] = { "1522", "the transaction's id is not a number", "identyfikator transakcji nie jest liczbą" },
["1523"] = { "1523", "checksum of the transaction's id", "błędna suma kontrolna identyfikatora transakcji" },
["1524"] = { "1524", "the document was not found", "nie znaleziono dokumentu" },
["1525"] = { "1525", "it could not be deleted", "błąd usuwania" },
["9999"] = { "9999", "critical fault", "błąd krytyczny drukarki; wezwij serwis" },
}
family.sent = {
["#s"] = {
    { check = "optional", below = 22, params = { { name = "Ps" } }, parts = {  } },
},
["#s 22"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 23"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 24"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 25"] = {
    { check = "optional", first = true, params = { { name = "Py" }, { name = "Pm" }, { name = "Pd" }, { name = "Ph" }, { name = "Pmin" }, { name = "Ps" } }, parts = {  } },
},
["#s 26"] = {
    { check = "optional", first = true, params = { { name = "Pn" } }, parts = { { name = "Nr", term = "\47" } } },
},
["#s 27"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 28"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 50"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 99"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["#s 100"] = {
    { check = "optional", first = true, params = { { name = "Pn" } }, parts = {  } },
},
["#n"] = {
    { check = "optional", params = { { name = "Ps" } }, parts = {  } },
},
["#v"] = {
    { check = "optional", params = {  }, parts = {  } },
},
["#c"] = {
    { check = "optional", params = { { name = "Ps" } }, parts = {  } },
},
["#u"] = {
    { check = "required", params = {  }, parts = {  } },
},
["$g"] = {
    { check = "required", params = {  }, parts = { { name = "nazwa", term = "\13" }, { name = "ptu", term = "\47" } } },
},
["#e"] = {
    { check = "required", params = { { name = "Ps" } }, parts = {  } },
},
["$c"] = {
    { check = "required", params = { { name = "Py" }, { name = "Pm" }, { name = "Pd" }, { name = "Ph" }, { name = "Pmn" }, { name = "Ps" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["$p"] = {
    { check = "required", params = { { name = "Ps" }, { name = "Py" }, { name = "Pm" }, { name = "Pd" } }, parts = { { name = "ptu", term = "\47", times = "Ps", usual = 4, by_rate = true }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
    { check = "required", params = { { name = "Ps" }, { name = "conf" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true }, { name = "ptu", term = "\47", times = "Ps", usual = 4, by_rate = true }, { name = "data", term = "\59", optional = true } } },
},
["$f 0"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "naglowek", term = "\255" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["$r"] = {
    { check = "required", params = { { name = "Pr" }, { name = "P2" }, { name = "P3" } }, parts = {  } },
},
["#l"] = {
    { check = "optional", params = { { name = "Ps" }, { name = "ciecie" } }, parts = {  } },
},
["$d 1"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["$d 2"] = {
    { check = "optional", first = true, params = {  }, parts = { { name = "tekst", term = "" } } },
},
["$d 3"] = {
    { check = "optional", first = true, params = { { name = "Pn" } }, parts = {  } },
},
["$d 4"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["$d 5"] = {
    { check = "optional", first = true, params = {  }, parts = { { name = "tekst", term = "" } } },
},
["$d 101"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "tekst", term = "\13" } } },
},
["$d 102"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "tekst", term = "\13" } } },
},
["#p"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kasjer", term = "\13" }, { name = "nr_kasy", term = "\13" } } },
},
["#q"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kasjer", term = "\13" }, { name = "nr_kasy", term = "\13" } } },
},
["#i"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kwota", term = "\47" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#d"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kwota", term = "\47" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#z"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kwota", term = "\47" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#w"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "kwota", term = "\13" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#t"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#k"] = {
    { check = "required", params = { { name = "Ps" } }, parts = { { name = "zmiana", term = "\13" }, { name = "kasjer", term = "\13" }, { name = "nr_kasy", term = "\13", optional = true } } },
},
["$w 0"] = {
    { check = "required", first = true, params = { { name = "formularz" }, { name = "naglowek" }, { name = "opcje" }, { name = "id" } }, parts = { { name = "id_transakcji", term = "\13", when = "id", wanted = { [1] = true } } } },
},
["$w"] = {
    { check = "required", params = { { name = "formularz" }, { name = "linia" }, { name = "P3" }, { name = "inwers" }, { name = "czcionka" }, { name = "srodek" }, { name = "atrybuty" } }, parts = { { name = "argumenty", term = "\13", rest = true } } },
},
["$w 1"] = {
    { check = "required", first = true, params = { { name = "formularz" }, { name = "nr_sys" }, { name = "ile" } }, parts = { { name = "numer_systemowy", term = "\13", when = "nr_sys", wanted = { [1] = true } }, { name = "linie", term = "\13", times = "ile", usual = 0 } } },
},
["$h"] = {
    { check = "required", params = { { name = "Pl" }, { name = "Pn" }, { name = "P0" }, { name = "idtype" }, { name = "PL" } }, parts = { { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "id", term = "\13", when = "idtype", wanted = { [1] = true, [2] = true, [3] = true } } } },
},
["$N 1"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "nip", term = "\13" } } },
},
["$l"] = {
    { check = "required", params = { { name = "Pi" }, { name = "Pr" }, { name = "Po" }, { name = "Pd" } }, parts = { { name = "nazwa", term = "\13" }, { name = "ilosc", term = "\13" }, { name = "ptu", term = "\47" }, { name = "cena", term = "\47" }, { name = "brutto", term = "\47" }, { name = "rabat", term = "\47", lenient = "posnet", when = "Pr" }, { name = "nazwa_rabatu", term = "\13", when = "Po", wanted = { [16] = true } }, { name = "opis", term = "\13", when = "Pd", wanted = { [1] = true } } } },
    { check = "required", params = { { name = "Pi" }, { name = "Pr" }, { name = "Po" }, { name = "Pd" } }, parts = { { name = "nazwa", term = "\13" }, { name = "ilosc", term = "\13" }, { name = "ptu", term = "\47" }, { name = "cena", term = "\47" }, { name = "brutto", term = "\47" }, { name = "rabat", term = "\47", lenient = "novitus", when = "Pr", wanted = { [1] = true, [2] = true, [3] = true, [4] = true } }, { name = "nazwa_rabatu", term = "\13", when = "Pr", wanted = { [1] = true, [2] = true, [3] = true, [4] = true } }, { name = "opis", term = "\13", when = "Pd", wanted = { [1] = true } } } },
},
["$d 6"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "kwota", term = "\47" }, { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true } } },
},
["$d 7"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "kwota", term = "\47" }, { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true } } },
},
["$d 10"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "kwota", term = "\47" }, { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true } } },
},
["$d 11"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "kwota", term = "\47" }, { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true } } },
},
["$L"] = {
    { check = "required", params = { { name = "Ps" }, { name = "Px" }, { name = "Po" } }, parts = { { name = "total_w_stawce", term = "\47" }, { name = "wartosc", term = "\47" }, { name = "nazwa", term = "\13", when = "Po", wanted = { [16] = true } } } },
},
["$Y"] = {
    { check = "required", params = { { name = "Px" }, { name = "Po" } }, parts = { { name = "podsuma", term = "\47" }, { name = "wartosc", term = "\47" }, { name = "nazwa", term = "\13", when = "Po", wanted = { [16] = true } } } },
},
["$n"] = {
    { check = "required", params = { { name = "Px" } }, parts = { { name = "nazwa", term = "\13" }, { name = "wartosc", term = "\47" } } },
},
["$b 1"] = {
    { check = "required", first = true, params = { { name = "Pfx" } }, parts = { { name = "kwota", term = "\47" }, { name = "nazwa", term = "\13" } } },
},
["$b 2"] = {
    { check = "required", first = true, params = { { name = "Pfx" } }, parts = { { name = "kwota", term = "\47" }, { name = "nazwa", term = "\13" } } },
},
["$e 0"] = {
    { check = "required", first = true, params = { { name = "Pc" }, { name = "Pns" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true }, { name = "numer_systemowy", term = "\13", when = "Pns", wanted = { [1] = true } } } },
},
["$e 1"] = {
    { check = "required", first = true, params = { { name = "Pr" }, { name = "Pn" }, { name = "Pc" }, { name = "Px" }, { name = "Py" } }, parts = { { name = "kod", term = "\13" }, { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "wplata", term = "\47" }, { name = "total", term = "\47" }, { name = "rabat", term = "\47", when = "Px" } } },
},
["$x"] = {
    { check = "required", params = { { name = "Pn" }, { name = "Pc" }, { name = "Py" }, { name = "Px" }, { name = "Pg" }, { name = "Pk" }, { name = "Pz" }, { name = "Pb" }, { name = "Po1" }, { name = "Po2" }, { name = "Pr" } }, parts = { { name = "kod", term = "\13" }, { name = "teksty", term = "\13", rest = true }, { name = "total", term = "\47" }, { name = "rabat", term = "\47" }, { name = "wplata", term = "\47" }, { name = "karta", term = "\47" }, { name = "czek", term = "\47" }, { name = "bon", term = "\47" }, { name = "przyjecie", term = "\47" }, { name = "wydanie", term = "\47" }, { name = "reszta", term = "\47" } } },
},
["$y"] = {
    { check = "required", params = { { name = "Pn" }, { name = "Pc" }, { name = "Py" }, { name = "Pdsp" }, { name = "Px" }, { name = "Pkb" }, { name = "Pkz" }, { name = "Pns" }, { name = "Pfn" }, { name = "Pr" }, { name = "Pg" }, { name = "Pfx", times = "Pfn", usual = 0 }, { name = "Psx" } }, parts = { { name = "nr_kasy", term = "\13" }, { name = "kasjer", term = "\13" }, { name = "numer_systemowy", term = "\13" }, { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "formy", term = "\13", times = "Pfn", usual = 0 }, { name = "nr_kaucji_pobr", term = "\13", times = "Pkb", usual = 0 }, { name = "ilosc_kaucji_pobr", term = "\13", times = "Pkb", usual = 0 }, { name = "nr_kaucji_zwr", term = "\13", times = "Pkz", usual = 0 }, { name = "ilosc_kaucji_zwr", term = "\13", times = "Pkz", usual = 0 }, { name = "opis_rabatu", term = "\13", when = "Psx", wanted = { [1] = true } }, { name = "total", term = "\47" }, { name = "dsp", term = "\47" }, { name = "rabat", term = "\47" }, { name = "wplata", term = "\47" }, { name = "kwoty", term = "\47", times = "Pfn", usual = 0 }, { name = "reszta", term = "\47" }, { name = "kaucja_pobr", term = "\47", times = "Pkb", usual = 0 }, { name = "kaucja_zwr", term = "\47", times = "Pkz", usual = 0 } } },
    { check = "required", params = { { name = "Pn" }, { name = "Pc" }, { name = "Py" }, { name = "Pdsp" }, { name = "Px" }, { name = "Pkb" }, { name = "Pkz" }, { name = "Pns" }, { name = "Pfn" }, { name = "Pr" }, { name = "Pg" }, { name = "Pfx", times = "Pfn", usual = 0 }, { name = "Psx" } }, parts = { { name = "nr_kasy", term = "\13" }, { name = "kasjer", term = "\13" }, { name = "numer_systemowy", term = "\13" }, { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "formy", term = "\13", times = "Pfn", usual = 0 }, { name = "nr_kaucji_pobr", term = "\13", times = "Pkb", usual = 0 }, { name = "ilosc_kaucji_pobr", term = "\13", times = "Pkb", usual = 0 }, { name = "nr_kaucji_zwr", term = "\13", times = "Pkz", usual = 0 }, { name = "ilosc_kaucji_zwr", term = "\13", times = "Pkz", usual = 0 }, { name = "opis_rabatu", term = "\13", never = true }, { name = "total", term = "\47" }, { name = "dsp", term = "\47" }, { name = "rabat", term = "\47" }, { name = "wplata", term = "\47" }, { name = "kwoty", term = "\47", times = "Pfn", usual = 0 }, { name = "reszta", term = "\47" }, { name = "kaucja_pobr", term = "\47", times = "Pkb", usual = 0 }, { name = "kaucja_zwr", term = "\47", times = "Pkz", usual = 0 } } },
},
["$z 4"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true }, { name = "kwota", term = "\47" } } },
},
["$z 8"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "nr", term = "\13", optional = true }, { name = "ilosc", term = "\13", optional = true }, { name = "kwota", term = "\47" } } },
},
["$z 12"] = {
    { check = "required", first = true, params = {  }, parts = {  } },
},
["$z 20"] = {
    { check = "required", first = true, params = { { name = "Psx" } }, parts = { { name = "tekst", term = "\13", optional = true } } },
},
["$z 24"] = {
    { check = "required", first = true, params = { { name = "Pn" } }, parts = { { name = "linie", term = "\13", times = "Pn", usual = 0 } } },
},
["$z 28"] = {
    { check = "required", first = true, params = { { name = "Pc" } }, parts = {  } },
},
["#r"] = {
    { check = "required", params = { { name = "Ps" }, { name = "Py" }, { name = "Pm" }, { name = "Pd" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#o 16"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Od", term = "\47" }, { name = "Do", term = "\47" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#o 17"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Od", term = "\47" }, { name = "Do", term = "\47" }, { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#o"] = {
    { check = "required", params = { { name = "Py1" }, { name = "Pm1" }, { name = "Pd1" }, { name = "Py2" }, { name = "Pm2" }, { name = "Pd2" }, { name = "Pt" } }, parts = { { name = "nr_kasy", term = "\13", optional = true }, { name = "kasjer", term = "\13", optional = true } } },
},
["#s 210"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["@PMI"] = {
    { check = "required", params = { { name = "stan" } }, parts = { { name = "jpkid", term = "\47" }, { name = "idz", term = "\47" }, { name = "zawartosc", term = "\47" }, { name = "typ", term = "\47" } } },
},
["#v 30"] = {
    { check = "optional", first = true, params = {  }, parts = {  } },
},
["^u"] = {
    { check = "optional", params = {  }, parts = {  } },
},
["$z 100"] = {
    { check = "required", first = true, params = { { name = "idtype" } }, parts = { { name = "id", term = "\13" } } },
},
["$h invoice"] = {
    { check = "required", params = { { name = "Pl" }, { name = "Pn" }, { name = "typ" }, { name = "kopia" }, { name = "margines" }, { name = "P6" }, { name = "kopie" }, { name = "P8" }, { name = "P9" }, { name = "podpisy" }, { name = "PL" } }, parts = { { name = "numer", term = "\13" }, { name = "nabywca", term = "\13", times = "Pn", usual = 3 }, { name = "nip", term = "\13" }, { name = "termin", term = "\13" }, { name = "forma", term = "\13" }, { name = "odbiorca", term = "\13" }, { name = "wystawiajacy", term = "\13" }, { name = "numer_systemowy", term = "\13" }, { name = "nazwa", term = "\13", when = "PL" } } },
},
["@c"] = {
    { check = "required", params = { { name = "kopie" }, { name = "opcje_kup" }, { name = "opcje_sprz" }, { name = "linia" }, { name = "Py" }, { name = "Pm" }, { name = "Pd" }, { name = "opcje1" }, { name = "opcje2" }, { name = "idtype" }, { name = "opcje3" }, { name = "etykieta" } }, parts = { { name = "termin", term = "\13" }, { name = "forma", term = "\13" }, { name = "odbiorca", term = "\13" }, { name = "wystawiajacy", term = "\13" }, { name = "zaplacono", term = "\13", when = "etykieta" }, { name = "numer_systemowy", term = "\13" }, { name = "informacje", term = "\13", when = "etykieta" }, { name = "nazwa", term = "\13", when = "etykieta" } } },
},
["$e 0 invoice"] = {
    { check = "required", first = true, params = { { name = "Pr" }, { name = "Pn" }, { name = "Pc" }, { name = "Px" }, { name = "Py" }, { name = "linia" }, { name = "opcje_kup" }, { name = "opcje_sprz" } }, parts = { { name = "kasjer", term = "\13" }, { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "zaplacono", term = "\13" }, { name = "kupujacy", term = "\13" }, { name = "sprzedajacy", term = "\13" }, { name = "wplata", term = "\47" }, { name = "total", term = "\47" }, { name = "rabat", term = "\47" } } },
},
["$e 1 invoice"] = {
    { check = "required", first = true, params = { { name = "Pr" }, { name = "Pn" }, { name = "Pc" }, { name = "Px" }, { name = "Py" }, { name = "linia" }, { name = "opcje_kup" }, { name = "opcje_sprz" } }, parts = { { name = "kasjer", term = "\13" }, { name = "linie", term = "\13", times = "Pn", usual = 0 }, { name = "zaplacono", term = "\13" }, { name = "kupujacy", term = "\13" }, { name = "sprzedajacy", term = "\13" }, { name = "wplata", term = "\47" }, { name = "total", term = "\47" }, { name = "rabat", term = "\47" } } },
},
}
family.received = {
["#Z"] = {
    { check = "never", params = { { name = "Pe" } }, parts = { { name = "rozkaz", term = "" } } },
},
["#X 2"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Pe", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pt", term = "\59" }, { name = "Px", term = "\59" }, { name = "Pf", term = "\59" }, { name = "Pz", term = "\59" }, { name = "Py", term = "\59" }, { name = "Pmies", term = "\59" }, { name = "Pd", term = "\47" }, { name = "ptu", term = "\47", times = "", usual = 7, by_rate = true }, { name = "par_num", term = "\47" }, { name = "tot", term = "\47", times = "", usual = 7, by_rate = true }, { name = "cash", term = "\47" }, { name = "nr_unikatowy", term = "" } } },
},
["#X 1"] = {
    { check = "optional", first = true, params = {  }, parts = { { name = "Pe", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pt", term = "\59" }, { name = "Px", term = "\59" }, { name = "Pf", term = "\59" }, { name = "Pz", term = "\59" }, { name = "Py", term = "\59" }, { name = "Pmies", term = "\59" }, { name = "Pd", term = "\47" }, { name = "ptu", term = "\47", amounts = "rates" }, { name = "par_num", term = "\47" }, { name = "tot", term = "\47", amounts = "totals" }, { name = "cash", term = "\47" }, { name = "nr_unikatowy", term = "" } } },
},
["#X 3"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Py", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pd", term = "\59" }, { name = "n_dobowych", term = "\59" }, { name = "n_wolnych", term = "\59" }, { name = "n_zablokowanych", term = "\59" }, { name = "p", term = "\47", times = "", usual = 7, by_rate = true } } },
},
["#X 10"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Py", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pd", term = "\59" }, { name = "Ph", term = "\59" }, { name = "Pmin", term = "\59" }, { name = "Ps", term = "\59" }, { name = "parag", term = "\59" }, { name = "anul", term = "\59" }, { name = "zmiany", term = "\59" }, { name = "anul_kwota", term = "\47" }, { name = "tot", term = "\47", times = "", usual = 7, by_rate = true } } },
},
["#X 11"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Py", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pd", term = "\59" }, { name = "Ph", term = "\59" }, { name = "Pmin", term = "\59" }, { name = "Ps", term = "\59" }, { name = "z1", term = "\59" }, { name = "z2", term = "\59" }, { name = "z3", term = "\59" }, { name = "z4", term = "\47" }, { name = "ptu", term = "\47", times = "", usual = 7, by_rate = true } } },
},
["#X 25"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "Py", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pd", term = "\59" }, { name = "Ph", term = "\59" }, { name = "Pmin", term = "\59" }, { name = "Ps", term = "\59" }, { name = "parag", term = "\59" }, { name = "anul", term = "\59" }, { name = "zmiany", term = "\59" }, { name = "anul_kwota", term = "\47" }, { name = "tot", term = "\47", times = "", usual = 7, by_rate = true } } },
},
["#X 50"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "numer", term = "\47" }, { name = "dalsze", term = "\47", rest = true } } },
},
["#X 100"] = {
    { check = "required", first = true, params = { { name = "Pn" }, { name = "Pt" } }, parts = { { name = "total", term = "\47" }, { name = "v", term = "\47", times = "", usual = 7, by_rate = true }, { name = "f", term = "\47", times = "", usual = 3 } } },
},
["#X 210"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "numer", term = "\59" }, { name = "etykieta", term = "\13" }, { name = "stan", term = "" } } },
},
["@PMD"] = {
    { check = "required", params = {  }, parts = { { name = "status", term = "\47" }, { name = "typ", term = "\47" }, { name = "rozmiar", term = "\47" }, { name = "pozycja", term = "\47" }, { name = "jpkid", term = "\13" }, { name = "nabywca", term = "\13" }, { name = "dane", term = "" } } },
},
["#E 1"] = {
    { check = "never", first = true, params = {  }, parts = { { name = "Pe", term = "" } } },
},
["#R 1"] = {
    { check = "never", first = true, params = {  }, parts = { { name = "typ", term = "\47" }, { name = "wersja", term = "" } } },
},
["#C 1"] = {
    { check = "never", first = true, params = {  }, parts = { { name = "Py", term = "\59" }, { name = "Pm", term = "\59" }, { name = "Pd", term = "\59" }, { name = "Ph", term = "\59" }, { name = "Pmin", term = "\59" }, { name = "Ps", term = "" } } },
},
["#U 1"] = {
    { check = "required", first = true, params = {  }, parts = { { name = "naglowek", term = "" } } },
},
["$G 1"] = {
    { check = "never", first = true, params = {  }, parts = { { name = "Pe", term = "\47" }, { name = "ptu", term = "\47" } } },
},
["@s"] = {
    { check = "required", params = {  }, parts = { { name = "Pe", term = "\59" }, { name = "nr_wydruku", term = "\59" }, { name = "nr_paragonu", term = "\59" }, { name = "stan", term = "\59" } } },
},
}
local TELLING = { ["#Z"] = true, ["#E 1"] = true, ["$G 1"] = true }
local RECEIPT_PARAMS = { ["$h"] = 5, ["$e"] = 6 }

local SINGLE = { [0x05] = "ENQ", [0x07] = "BEL", [0x10] = "DLE", [0x18] = "CAN", [0x1A] = "DLE2" }
local BITS = { ENQ = { "FSK", "CMD", "PAR", "TRF" }, DLE = { "ONL", "PE", "ERR" } }

local function check(text)
    local sum = 0xFF
    for place = 1, #text do
        sum = bit.bxor(sum, text:byte(place))
    end
    return string.format("%02X", sum)
end

function family.cut(data, sent)
    local pieces, from, escape, inside, escaped = {}, 1, 1, false, false
    local function tell(last)
        if from <= last then
            pieces[#pieces + 1] = { first = from, last = last }
            from = last + 1
        end
    end
    for at = 1, #data do
        local byte = data:byte(at)
        if sent and (byte == 0x10 or byte == 0x1A) then
            if inside or escaped then
                pieces[#pieces + 1] = { first = at, last = at, inside = true }
            else
                tell(at - 1)
                tell(at)
            end
        elseif sent and (byte == 0x18 or not inside and (byte == 0x05 or byte == 0x07)) then
            tell(at - 1)
            tell(at)
            inside, escaped = false, false
        elseif not sent and not inside and not escaped and byte >= 0x60 and byte <= 0x77 then
            tell(at - 1)
            tell(at)
        elseif byte == 0x1B then
            escape, escaped = at, true
        elseif escaped then
            escaped = false
            if byte == 0x50 then
                tell(escape - 1)
                inside = true
            elseif byte == 0x5C and inside then
                tell(at)
                inside = false
            end
        end
    end
    if not inside then
        tell(escaped and escape - 1 or #data)
    end
    return pieces, from
end

-- The fields behind the identifier by a layout, or nothing where they are more or fewer.
local function split(layout, given, body, add)
    local at = 1
    local function one(part, name)
        local stop = part.term == "" and #body + 1 or body:find(part.term, at, true)
        if stop then
            add(name, at, stop - 1)
            at = stop + #part.term
        end
        return stop
    end
    for _, part in ipairs(layout.parts) do
        local count = 1
        if part.amounts then
            -- As many as the slashes tell: three of them end no rate and no total.
            local _, slashes = body:gsub("/", "/")
            local amounts = math.max(slashes - 3, 0)
            count = math.floor(amounts / 2)
            if part.amounts == "totals" then
                count = amounts - count
            end
        elseif part.times then
            count = given[part.times] or 0
            if count == 0 then
                count = part.usual
            end
        elseif part.lenient and given.Pr == 0 and not (part.lenient == "novitus" and given.Pd == 1) then
            -- A line without a discount has its amount, or not.
            count = body:match("^%d*[.,]?%d*/", at) and 1 or 0
        elseif part.when then
            local value = given[part.when]
            count = value and (not part.wanted or part.wanted[value]) and 1 or 0
        elseif part.never then
            count = 0
        end
        if part.rest then
            while at <= #body and one(part, part.name) do
            end
        elseif part.optional then
            one(part, part.name)
        else
            for index = 1, count do
                local by_rate = part.by_rate or part.amounts and count == 7
                local letter = by_rate and ("ABCDEFG"):sub(index, index) or ""
                if not one(part, part.name .. letter) then
                    return false
                end
            end
        end
    end
    return at == #body + 1
end

function family.parse(bytes, sent)
    local frame = { fields = {} }
    if #bytes == 1 then
        local byte = bytes:byte()
        if sent then
            frame.name = SINGLE[byte]
        elseif byte >= 0x60 and byte <= 0x77 then
            frame.name = byte < 0x70 and "ENQ" or "DLE"
            local mask = byte < 0x70 and 8 or 4
            for _, name in ipairs(BITS[frame.name]) do
                local text = bit.band(byte, mask) ~= 0 and "1" or "0"
                frame.fields[#frame.fields + 1] = { name = name, first = 1, last = 1, text = text }
                mask = mask / 2
            end
        end
        frame.damage = not frame.name and "bytes outside of a sequence" or nil
        return frame
    end
    -- What a printer takes out of a sequence at once is no part of it; ``places`` are those of the rest.
    local places, kept = {}, {}
    for at = 1, #bytes do
        local byte = bytes:byte(at)
        if not sent or (byte ~= 0x10 and byte ~= 0x1A) then
            places[#places + 1] = at
            kept[#kept + 1] = string.char(byte)
        end
    end
    local clean = table.concat(kept)
    local head = clean:match("^\27P([^\27]*)")
    if not head then
        frame.damage = "bytes outside of a sequence"
        return frame
    elseif clean:sub(-2) ~= "\27\\" then
        frame.damage = "the sequence has no end"
        return frame
    elseif #head > (not sent and head:sub(1, 4) == "@PMD" and 32768 or 2048) then
        frame.damage = "longer than 2048 bytes"
        return frame
    end
    local payload = clean:match("^\27P([^\27]*)\27+\\$")
    local numbers, id, at = (payload or ""):match("^[%z\1-\31]?([%d;]*)(@PM[A-Z])()")
    if not id then
        numbers, id, at = (payload or ""):match("^[%z\1-\31]?([%d;]*)([$#^@!?*][A-Za-z])()")
    end
    local params, first = {}, 1
    if numbers and numbers ~= "" then
        local start = at - #id - #numbers
        for text, stop in (numbers .. ";"):gmatch("([^;]*);()") do
            params[#params + 1] = { text = text, first = start + stop - 2 - #text, value = tonumber(text) }
            if #text > 4 then
                numbers = nil
                break
            end
        end
    end
    if not numbers then
        frame.damage = "not built as a sequence"
        return frame
    end
    local function add(name, start, stop)
        -- Counted from the identifier's end, as everything here is from the payload's beginning.
        local from, to = places[start + 2], places[stop + 2]
        local text = payload:sub(start, stop)
        frame.fields[#frame.fields + 1] = {
            name = name, first = from, last = text == "" and from - 1 or to, text = text,
        }
    end
    local body = payload:sub(at)
    local digits = #body >= 2 and body:sub(-2):upper() == check(payload:sub(1, -3))
    local known = sent and family.sent or family.received
    local number = params[1] and params[1].value
    local key = number and id .. " " .. number or id
    if sent or id == "#Z" then
        key = known[key] and key or id
    end
    if sent and #params > (RECEIPT_PARAMS[id] or 255) then
        local long = number and id .. " " .. number .. " invoice"
        key = known[long] and long or known[id .. " invoice"] and id .. " invoice" or key
    end
    local below = sent and key == id and known[key] and known[key][1].below
    if below and number and number >= below then
        -- Another command, which is not known.
        key = id .. " " .. number
    end
    frame.name = known[key] and key or below and key or id
    local misfit
    for _, layout in ipairs(known[key] or {}) do
        local checked = digits and layout.check ~= "never"
        if layout.check == "required" and not digits then
            frame.damage = "the check byte does not fit"
            frame.fields = {}
            return frame
        end
        frame.fields = {}
        local given = {}
        local place = layout.first and 2 or 1
        for _, param in ipairs(layout.params) do
            local count = 1
            if param.times then
                count = given[param.times] or 0
                if count == 0 then
                    count = param.usual
                end
            end
            for _ = 1, math.min(count, #params - place + 1) do
                given[param.name] = params[place].value
                add(param.name, params[place].first, params[place].first + #params[place].text - 1)
                place = place + 1
            end
        end
        for rest = place, #params do
            add("param", params[rest].first, params[rest].first + #params[rest].text - 1)
        end
        local before = #frame.fields
        local inner = checked and body:sub(1, -3) or body
        local fits = split(layout, given, inner, function(name, start, stop)
            add(name, at - 1 + start, at - 1 + stop)
        end)
        if not fits then
            while #frame.fields > before do
                table.remove(frame.fields)
            end
            add("string", at, at + #inner - 1)
        end
        if fits and place > #params then
            misfit = nil
            break
        end
        misfit = misfit or frame.fields
    end
    frame.fields = misfit or frame.fields
    if not known[key] then
        for _, param in ipairs(params) do
            add("param", param.first, param.first + #param.text - 1)
        end
        local inner = digits and body:sub(1, -3) or body
        if inner ~= "" then
            add("string", at, at + #inner - 1)
        end
    end
    local told = TELLING[frame.name] and frame.fields[1]
    if told and told.name == "Pe" and told.text:match("^%d+$") and tonumber(told.text) ~= 0 then
        frame.error = told.text:match("^0*(%d+)$")
    end
    return frame
end
end

-- novitus-xml -----------------------------------------------------------------------------------------
do
local family = { code_page = 1 }
families["novitus-xml"] = family
family.words = {
["dle"] = { meaning = "whether the printer can print", fields = {
} },
["enq"] = { meaning = "its mode, and whether a document is open", fields = {
} },
["error get"] = { meaning = "number of the last error", fields = {
} },
["error set"] = { meaning = "whether an error stops the printer until a key is pressed", fields = {
} },
["receipt begin"] = { meaning = "open a receipt", fields = {
} },
["receipt close"] = { meaning = "close the receipt", fields = {
} },
["receipt cancel"] = { meaning = "cancel the receipt", fields = {
} },
["invoice begin"] = { meaning = "open an invoice", fields = {
} },
["invoice close"] = { meaning = "close the invoice", fields = {
} },
["invoice cancel"] = { meaning = "cancel the invoice", fields = {
} },
["item"] = { meaning = "sell or reverse goods", fields = {
} },
["payment"] = { meaning = "a payment or change", fields = {
} },
["discount"] = { meaning = "discount or markup on the subtotal", fields = {
} },
["container"] = { meaning = "returnable packaging", fields = {
} },
["rcpitemadvances"] = { meaning = "an advance", fields = {
} },
["info date"] = { meaning = "the printer's time", fields = {
} },
["info version"] = { meaning = "model and program", fields = {
} },
["info checkout"] = { meaning = "counters and totals", fields = {
} },
["info fiscalmemory"] = { meaning = "the fiscal memory", fields = {
} },
["info sdcard"] = { meaning = "the memory card", fields = {
} },
["info transaction"] = { meaning = "sums of the open document", fields = {
} },
["info lasttransaction"] = { meaning = "content of the open or last document", fields = {
} },
["info drawer"] = { meaning = "the drawer", fields = {
} },
["info port"] = { meaning = "the port of this connection", fields = {
} },
["info repository"] = { meaning = "documents that wait for the tax office's server", fields = {
} },
["deviceinfo general"] = { meaning = "model and parts", fields = {
} },
["deviceinfo detailfiscalmemoryinfo"] = { meaning = "the fiscal memory", fields = {
} },
["deviceinfo batteryinfo"] = { meaning = "power supply", fields = {
} },
["deviceinfo printoutinfo"] = { meaning = "the printing mechanism", fields = {
} },
["deviceinfo drawer_state"] = { meaning = "the drawer", fields = {
} },
["deviceinfo db_article_state"] = { meaning = "the goods base", fields = {
} },
["deviceinfo powerinfo"] = { meaning = "power supply", fields = {
} },
["control beep"] = { meaning = "beep", fields = {
} },
["control paperfeed"] = { meaning = "feed paper", fields = {
} },
["control drawer"] = { meaning = "open the drawer", fields = {
} },
["control display"] = { meaning = "text on the operator's display", fields = {
} },
["control display_external"] = { meaning = "text on the customer's display", fields = {
} },
["control no_display_external"] = { meaning = "no more text on the customer's display", fields = {
} },
["control clear_display"] = { meaning = "clear the display", fields = {
} },
["control menu_open"] = { meaning = "open the printer's menu", fields = {
} },
["report daily"] = { meaning = "daily report", fields = {
} },
["report periodical"] = { meaning = "report of a period", fields = {
} },
["report cash"] = { meaning = "report of a shift, from what the caller sends", fields = {
} },
["report protectedmemory"] = { meaning = "print from the protected memory", fields = {
} },
["report events"] = { meaning = "report of events", fields = {
} },
["report service_review"] = { meaning = "list of service inspections", fields = {
} },
["cashier login"] = { meaning = "log a cashier in", fields = {
} },
["cashier logoff"] = { meaning = "log the cashier out", fields = {
} },
["cashier state"] = { meaning = "the cashier", fields = {
} },
["cash payin"] = { meaning = "cash in", fields = {
} },
["cash payout"] = { meaning = "cash out", fields = {
} },
["cash read"] = { meaning = "cash in the drawer", fields = {
} },
["dbcheck begin"] = { meaning = "begin a check of the goods base", fields = {
} },
["dbcheck check"] = { meaning = "check one of the goods", fields = {
} },
["dbcheck end"] = { meaning = "end of the check", fields = {
} },
["usb set"] = { meaning = "settings of USB", fields = {
} },
["usb get"] = { meaning = "settings of USB", fields = {
} },
["config set"] = { meaning = "settings", fields = {
} },
["config get"] = { meaning = "settings", fields = {
} },
["clock"] = { meaning = "set the clock", fields = {
} },
["header_online set"] = { meaning = "set the header", fields = {
} },
["header_online get"] = { meaning = "the header", fields = {
} },
["header set"] = { meaning = "set the header (older printers)", fields = {
} },
["header get"] = { meaning = "the header (older printers)", fields = {
} },
["taxrates set"] = { meaning = "set the VAT rates", fields = {
} },
["taxrates get"] = { meaning = "the VAT rates", fields = {
} },
["currency change"] = { meaning = "change the currency", fields = {
} },
["currency print"] = { meaning = "print a total in another currency", fields = {
} },
["fiscalization fiscalization"] = { meaning = "make the device fiscal", fields = {
} },
["fiscalization trainingmode"] = { meaning = "training mode", fields = {
} },
["producer"] = { meaning = "settings of the factory", fields = {
} },
["service lock"] = { meaning = "lock the printer", fields = {
} },
["service unlock"] = { meaning = "unlock the printer", fields = {
} },
["service review"] = { meaning = "date of the service inspection", fields = {
} },
["service review_done"] = { meaning = "the inspection is done", fields = {
} },
["serweraddr set"] = { meaning = "address of a server", fields = {
} },
["serweraddr get"] = { meaning = "address of a server", fields = {
} },
["graphic programm"] = { meaning = "store a graphic", fields = {
} },
["graphic delete"] = { meaning = "delete a graphic", fields = {
} },
["graphic readcrc"] = { meaning = "checksum of a graphic", fields = {
} },
["graphic read"] = { meaning = "read a graphic", fields = {
} },
["animation programm"] = { meaning = "store an advertisement", fields = {
} },
["animation delete"] = { meaning = "delete an advertisement", fields = {
} },
["animation readcrc"] = { meaning = "checksum of an advertisement", fields = {
} },
["animation setactive"] = { meaning = "show an advertisement", fields = {
} },
["animation hide"] = { meaning = "hide an advertisement", fields = {
} },
["animation deleteall"] = { meaning = "delete all advertisements", fields = {
} },
["animation readlist"] = { meaning = "the advertisements", fields = {
} },
["animation readactive"] = { meaning = "the advertisement that is shown", fields = {
} },
["animation programmplaylist"] = { meaning = "store a list of advertisements", fields = {
} },
["animation receiveplaylist"] = { meaning = "a list of advertisements", fields = {
} },
["animation deleteplaylist"] = { meaning = "delete a list of advertisements", fields = {
} },
["paper read"] = { meaning = "length of printed paper", fields = {
} },
["paper reset"] = { meaning = "set the length of printed paper to zero", fields = {
} },
["drawercounter read"] = { meaning = "how often the drawer was opened", fields = {
} },
["drawercounter reset"] = { meaning = "set that counter to zero", fields = {
} },
["updatelog begin"] = { meaning = "log of updates", fields = {
} },
["updatelog next"] = { meaning = "log of updates", fields = {
} },
["processlog begin"] = { meaning = "log of the printer", fields = {
} },
["processlog next"] = { meaning = "log of the printer", fields = {
} },
["log read"] = { meaning = "log of a port", fields = {
} },
["fiscalmemory get"] = { meaning = "a record of the fiscal memory", fields = {
} },
["fiscalmemory next"] = { meaning = "the next record of the fiscal memory", fields = {
} },
["nonfiscalprintout"] = { meaning = "a printout that is not fiscal", fields = {
} },
}
family.common = {
["dle.online"] = ProtoField.string("fiscald.novitus-xml.dle_2eonline", "ready"),
["dle.papererror"] = ProtoField.string("fiscald.novitus-xml.dle_2epapererror", "no paper"),
["dle.printererror"] = ProtoField.string("fiscald.novitus-xml.dle_2eprintererror", "fault of the mechanism"),
["enq.fiscal"] = ProtoField.string("fiscald.novitus-xml.enq_2efiscal", "in fiscal mode"),
["enq.lastcommanderror"] = ProtoField.string("fiscald.novitus-xml.enq_2elastcommanderror", "the last element failed"),
["enq.intransaction"] = ProtoField.string("fiscald.novitus-xml.enq_2eintransaction", "a document is open"),
["enq.lasttransactioncorrect"] = ProtoField.string("fiscald.novitus-xml.enq_2elasttransactioncorrect", "the last document was closed"),
["error.action"] = ProtoField.string("fiscald.novitus-xml.error_2eaction", "action"),
["error.value"] = ProtoField.string("fiscald.novitus-xml.error_2evalue", "number of the error, or display or silent"),
["receipt.action"] = ProtoField.string("fiscald.novitus-xml.receipt_2eaction", "action"),
["receipt.mode"] = ProtoField.string("fiscald.novitus-xml.receipt_2emode", "printed at once or at the end"),
["receipt.pharmaceutical"] = ProtoField.string("fiscald.novitus-xml.receipt_2epharmaceutical", "of a pharmacy"),
["receipt.systemno"] = ProtoField.string("fiscald.novitus-xml.receipt_2esystemno", "the application's number"),
["receipt.checkout"] = ProtoField.string("fiscald.novitus-xml.receipt_2echeckout", "till"),
["receipt.cashier"] = ProtoField.string("fiscald.novitus-xml.receipt_2ecashier", "cashier"),
["receipt.total"] = ProtoField.string("fiscald.novitus-xml.receipt_2etotal", "total before a discount inside"),
["receipt.charge"] = ProtoField.string("fiscald.novitus-xml.receipt_2echarge", "paid by the customer"),
["receipt.nip"] = ProtoField.string("fiscald.novitus-xml.receipt_2enip", "buyer's NIP"),
["item.name"] = ProtoField.string("fiscald.novitus-xml.item_2ename", "goods"),
["item.quantity"] = ProtoField.string("fiscald.novitus-xml.item_2equantity", "quantity"),
["item.quantityunit"] = ProtoField.string("fiscald.novitus-xml.item_2equantityunit", "unit"),
["item.ptu"] = ProtoField.string("fiscald.novitus-xml.item_2eptu", "VAT letter"),
["item.price"] = ProtoField.string("fiscald.novitus-xml.item_2eprice", "price"),
["item.total"] = ProtoField.string("fiscald.novitus-xml.item_2etotal", "value"),
["item.recipe"] = ProtoField.string("fiscald.novitus-xml.item_2erecipe", "prescription"),
["item.charge"] = ProtoField.string("fiscald.novitus-xml.item_2echarge", "fee"),
["item.plu"] = ProtoField.string("fiscald.novitus-xml.item_2eplu", "code"),
["item.description"] = ProtoField.string("fiscald.novitus-xml.item_2edescription", "line under the name"),
["item.action"] = ProtoField.string("fiscald.novitus-xml.item_2eaction", "sale or storno"),
["item.code"] = ProtoField.string("fiscald.novitus-xml.item_2ecode", "code of the goods"),
["item.totaldiscount"] = ProtoField.string("fiscald.novitus-xml.item_2etotaldiscount", "discount in per cent"),
["item.totalafterdiscount"] = ProtoField.string("fiscald.novitus-xml.item_2etotalafterdiscount", "value after it"),
["payment.type"] = ProtoField.string("fiscald.novitus-xml.payment_2etype", "form of payment"),
["payment.action"] = ProtoField.string("fiscald.novitus-xml.payment_2eaction", "add or clear"),
["payment.value"] = ProtoField.string("fiscald.novitus-xml.payment_2evalue", "amount"),
["payment.rate"] = ProtoField.string("fiscald.novitus-xml.payment_2erate", "exchange rate"),
["payment.mode"] = ProtoField.string("fiscald.novitus-xml.payment_2emode", "payment or change"),
["payment.name"] = ProtoField.string("fiscald.novitus-xml.payment_2ename", "name"),
["discount.value"] = ProtoField.string("fiscald.novitus-xml.discount_2evalue", "percentage or amount"),
["discount.name"] = ProtoField.string("fiscald.novitus-xml.discount_2ename", "name"),
["discount.descid"] = ProtoField.string("fiscald.novitus-xml.discount_2edescid", "number of the name"),
["discount.type"] = ProtoField.string("fiscald.novitus-xml.discount_2etype", "subtotal or display only"),
["discount.total"] = ProtoField.string("fiscald.novitus-xml.discount_2etotal", "sum before it"),
["discount.ptu"] = ProtoField.string("fiscald.novitus-xml.discount_2eptu", "one VAT letter only"),
["discount.action"] = ProtoField.string("fiscald.novitus-xml.discount_2eaction", "discount or markup"),
["container.action"] = ProtoField.string("fiscald.novitus-xml.container_2eaction", "sale or storno"),
["container.price"] = ProtoField.string("fiscald.novitus-xml.container_2eprice", "per piece"),
["container.type"] = ProtoField.string("fiscald.novitus-xml.container_2etype", "out: given, in: taken back"),
["container.quantity"] = ProtoField.string("fiscald.novitus-xml.container_2equantity", "quantity"),
["container.code"] = ProtoField.string("fiscald.novitus-xml.container_2ecode", "code"),
["container.total"] = ProtoField.string("fiscald.novitus-xml.container_2etotal", "value"),
["additional.type"] = ProtoField.string("fiscald.novitus-xml.additional_2etype", "line or definition of the footer"),
["additional.id"] = ProtoField.string("fiscald.novitus-xml.additional_2eid", "kind of line"),
["additional.value"] = ProtoField.string("fiscald.novitus-xml.additional_2evalue", "text"),
["line"] = ProtoField.string("fiscald.novitus-xml.line", "text"),
["line.type"] = ProtoField.string("fiscald.novitus-xml.line_2etype", "kind of line"),
["line.bold"] = ProtoField.string("fiscald.novitus-xml.line_2ebold", "bold"),
["line.inwers"] = ProtoField.string("fiscald.novitus-xml.line_2einwers", "inverse"),
["line.center"] = ProtoField.string("fiscald.novitus-xml.line_2ecenter", "center"),
["line.align"] = ProtoField.string("fiscald.novitus-xml.line_2ealign", "align"),
["line.fontid"] = ProtoField.string("fiscald.novitus-xml.line_2efontid", "font"),
["line.fontattr"] = ProtoField.string("fiscald.novitus-xml.line_2efontattr", "size"),
["line.print_on"] = ProtoField.string("fiscald.novitus-xml.line_2eprint_5fon", "copy only"),
["line.double_height"] = ProtoField.string("fiscald.novitus-xml.line_2edouble_5fheight", "double_height"),
["line.double_width"] = ProtoField.string("fiscald.novitus-xml.line_2edouble_5fwidth", "double_width"),
["line.index1"] = ProtoField.string("fiscald.novitus-xml.line_2eindex1", "kind of field 1"),
["line.text1"] = ProtoField.string("fiscald.novitus-xml.line_2etext1", "field 1"),
["line.index2"] = ProtoField.string("fiscald.novitus-xml.line_2eindex2", "kind of field 2"),
["line.text2"] = ProtoField.string("fiscald.novitus-xml.line_2etext2", "field 2"),
["line.index3"] = ProtoField.string("fiscald.novitus-xml.line_2eindex3", "kind of field 3"),
["line.text3"] = ProtoField.string("fiscald.novitus-xml.line_2etext3", "field 3"),
["line.index4"] = ProtoField.string("fiscald.novitus-xml.line_2eindex4", "kind of field 4"),
["line.text4"] = ProtoField.string("fiscald.novitus-xml.line_2etext4", "field 4"),
["line.index5"] = ProtoField.string("fiscald.novitus-xml.line_2eindex5", "kind of field 5"),
["line.text5"] = ProtoField.string("fiscald.novitus-xml.line_2etext5", "field 5"),
["line.index6"] = ProtoField.string("fiscald.novitus-xml.line_2eindex6", "kind of field 6"),
["line.text6"] = ProtoField.string("fiscald.novitus-xml.line_2etext6", "field 6"),
["line.index7"] = ProtoField.string("fiscald.novitus-xml.line_2eindex7", "kind of field 7"),
["line.text7"] = ProtoField.string("fiscald.novitus-xml.line_2etext7", "field 7"),
["line.text"] = ProtoField.string("fiscald.novitus-xml.line_2etext", "text"),
["rcpitemadvances.action"] = ProtoField.string("fiscald.novitus-xml.rcpitemadvances_2eaction", "advance or settlement"),
["rcpitemadvances.description"] = ProtoField.string("fiscald.novitus-xml.rcpitemadvances_2edescription", "description"),
["rcpitemadvances.ptu"] = ProtoField.string("fiscald.novitus-xml.rcpitemadvances_2eptu", "VAT letter"),
["rcpitemadvances.value"] = ProtoField.string("fiscald.novitus-xml.rcpitemadvances_2evalue", "value"),
["rcpitemadvances.surcharge"] = ProtoField.string("fiscald.novitus-xml.rcpitemadvances_2esurcharge", "left to pay"),
["invoice.action"] = ProtoField.string("fiscald.novitus-xml.invoice_2eaction", "action"),
["invoice.invoicetype"] = ProtoField.string("fiscald.novitus-xml.invoice_2einvoicetype", "invoicetype"),
["invoice.number"] = ProtoField.string("fiscald.novitus-xml.invoice_2enumber", "number"),
["invoice.nip"] = ProtoField.string("fiscald.novitus-xml.invoice_2enip", "buyer's NIP"),
["invoice.description"] = ProtoField.string("fiscald.novitus-xml.invoice_2edescription", "original or both"),
["invoice.paymentname"] = ProtoField.string("fiscald.novitus-xml.invoice_2epaymentname", "form of payment"),
["invoice.paymentdate"] = ProtoField.string("fiscald.novitus-xml.invoice_2epaymentdate", "to be paid until"),
["invoice.recipient"] = ProtoField.string("fiscald.novitus-xml.invoice_2erecipient", "receiver"),
["invoice.issuer"] = ProtoField.string("fiscald.novitus-xml.invoice_2eissuer", "issuer"),
["invoice.copies"] = ProtoField.string("fiscald.novitus-xml.invoice_2ecopies", "copies"),
["invoice.margins"] = ProtoField.string("fiscald.novitus-xml.invoice_2emargins", "margins"),
["invoice.signarea"] = ProtoField.string("fiscald.novitus-xml.invoice_2esignarea", "place for signatures"),
["invoice.customernameoptions"] = ProtoField.string("fiscald.novitus-xml.invoice_2ecustomernameoptions", "customernameoptions"),
["invoice.sellernameoptions"] = ProtoField.string("fiscald.novitus-xml.invoice_2esellernameoptions", "sellernameoptions"),
["invoice.paidlabel"] = ProtoField.string("fiscald.novitus-xml.invoice_2epaidlabel", "note about the payment"),
["invoice.selldate"] = ProtoField.string("fiscald.novitus-xml.invoice_2eselldate", "day of the sale"),
["invoice.buyerlabel"] = ProtoField.string("fiscald.novitus-xml.invoice_2ebuyerlabel", "buyerlabel"),
["invoice.additionalinfo"] = ProtoField.string("fiscald.novitus-xml.invoice_2eadditionalinfo", "additionalinfo"),
["invoice.total"] = ProtoField.string("fiscald.novitus-xml.invoice_2etotal", "total"),
["invoice.systemno"] = ProtoField.string("fiscald.novitus-xml.invoice_2esystemno", "the application's number"),
["invoice.checkout"] = ProtoField.string("fiscald.novitus-xml.invoice_2echeckout", "till"),
["invoice.cashier"] = ProtoField.string("fiscald.novitus-xml.invoice_2ecashier", "cashier"),
["invoice.buyer"] = ProtoField.string("fiscald.novitus-xml.invoice_2ebuyer", "who receives it"),
["invoice.pesel"] = ProtoField.string("fiscald.novitus-xml.invoice_2epesel", "buyer's PESEL"),
["customer"] = ProtoField.string("fiscald.novitus-xml.customer", "line about the buyer"),
["option.id"] = ProtoField.string("fiscald.novitus-xml.option_2eid", "id"),
["info.action"] = ProtoField.string("fiscald.novitus-xml.info_2eaction", "action"),
["info.type"] = ProtoField.string("fiscald.novitus-xml.info_2etype", "receipt or invoice, or kind of document"),
["info.date"] = ProtoField.string("fiscald.novitus-xml.info_2edate", "printer's time"),
["info.version"] = ProtoField.string("fiscald.novitus-xml.info_2eversion", "model and program"),
["info.lasterror"] = ProtoField.string("fiscald.novitus-xml.info_2elasterror", "last error"),
["info.isfiscal"] = ProtoField.string("fiscald.novitus-xml.info_2eisfiscal", "in fiscal mode"),
["info.receiptopen"] = ProtoField.string("fiscald.novitus-xml.info_2ereceiptopen", "a document is open"),
["info.lastreceipterror"] = ProtoField.string("fiscald.novitus-xml.info_2elastreceipterror", "the last document was not closed"),
["info.resetcount"] = ProtoField.string("fiscald.novitus-xml.info_2eresetcount", "memory resets"),
["info.receiptcount"] = ProtoField.string("fiscald.novitus-xml.info_2ereceiptcount", "receipts"),
["info.cash"] = ProtoField.string("fiscald.novitus-xml.info_2ecash", "in the drawer"),
["info.uniqueno"] = ProtoField.string("fiscald.novitus-xml.info_2euniqueno", "unique number"),
["info.lastreceipt"] = ProtoField.string("fiscald.novitus-xml.info_2elastreceipt", "last receipt's number"),
["info.lastinvoice"] = ProtoField.string("fiscald.novitus-xml.info_2elastinvoice", "last invoice's number"),
["info.lastprintout"] = ProtoField.string("fiscald.novitus-xml.info_2elastprintout", "last printed document"),
["info.fiscalmemorysize"] = ProtoField.string("fiscald.novitus-xml.info_2efiscalmemorysize", "size"),
["info.recordsize"] = ProtoField.string("fiscald.novitus-xml.info_2erecordsize", "size of a record"),
["info.fiscal"] = ProtoField.string("fiscald.novitus-xml.info_2efiscal", "0 no, 1 yes, 2 closed"),
["info.nip"] = ProtoField.string("fiscald.novitus-xml.info_2enip", "taxpayer"),
["info.maxrecordscount"] = ProtoField.string("fiscald.novitus-xml.info_2emaxrecordscount", "records in all"),
["info.recordscount"] = ProtoField.string("fiscald.novitus-xml.info_2erecordscount", "records"),
["info.maxreportscount"] = ProtoField.string("fiscald.novitus-xml.info_2emaxreportscount", "daily reports in all"),
["info.reportscount"] = ProtoField.string("fiscald.novitus-xml.info_2ereportscount", "daily reports"),
["info.resetmaxcount"] = ProtoField.string("fiscald.novitus-xml.info_2eresetmaxcount", "resets in all"),
["info.taxratesprglimit"] = ProtoField.string("fiscald.novitus-xml.info_2etaxratesprglimit", "changes of rates in all"),
["info.taxratesprg"] = ProtoField.string("fiscald.novitus-xml.info_2etaxratesprg", "changes of rates"),
["info.currencychangeprglimit"] = ProtoField.string("fiscald.novitus-xml.info_2ecurrencychangeprglimit", "changes of currency in all"),
["info.currencychangeprg"] = ProtoField.string("fiscald.novitus-xml.info_2ecurrencychangeprg", "changes of currency"),
["info.fiscalstartdate"] = ProtoField.string("fiscald.novitus-xml.info_2efiscalstartdate", "made fiscal"),
["info.fiscalstopdate"] = ProtoField.string("fiscald.novitus-xml.info_2efiscalstopdate", "closed"),
["info.currencyname"] = ProtoField.string("fiscald.novitus-xml.info_2ecurrencyname", "currencyname"),
["info.state"] = ProtoField.string("fiscald.novitus-xml.info_2estate", "state"),
["info.size"] = ProtoField.string("fiscald.novitus-xml.info_2esize", "size"),
["info.free"] = ProtoField.string("fiscald.novitus-xml.info_2efree", "free"),
["info.lastreport"] = ProtoField.string("fiscald.novitus-xml.info_2elastreport", "last report"),
["info.lastaccess"] = ProtoField.string("fiscald.novitus-xml.info_2elastaccess", "last access"),
["info.mode"] = ProtoField.string("fiscald.novitus-xml.info_2emode", "printed at once or at the end"),
["info.nettotal"] = ProtoField.string("fiscald.novitus-xml.info_2enettotal", "net"),
["info.grosstotal"] = ProtoField.string("fiscald.novitus-xml.info_2egrosstotal", "gross"),
["info.total"] = ProtoField.string("fiscald.novitus-xml.info_2etotal", "total"),
["info.number"] = ProtoField.string("fiscald.novitus-xml.info_2enumber", "number"),
["info.printoutno"] = ProtoField.string("fiscald.novitus-xml.info_2eprintoutno", "number of the printout"),
["info.checkout"] = ProtoField.string("fiscald.novitus-xml.info_2echeckout", "till"),
["info.cashier"] = ProtoField.string("fiscald.novitus-xml.info_2ecashier", "cashier"),
["info.systemno"] = ProtoField.string("fiscald.novitus-xml.info_2esystemno", "the application's number"),
["info.discountcalc"] = ProtoField.string("fiscald.novitus-xml.info_2ediscountcalc", "method of discounts"),
["info.euroexchangerate"] = ProtoField.string("fiscald.novitus-xml.info_2eeuroexchangerate", "euroexchangerate"),
["info.rest"] = ProtoField.string("fiscald.novitus-xml.info_2erest", "change"),
["info.eurorest"] = ProtoField.string("fiscald.novitus-xml.info_2eeurorest", "change in EUR"),
["info.value"] = ProtoField.string("fiscald.novitus-xml.info_2evalue", "port"),
["info.date_send"] = ProtoField.string("fiscald.novitus-xml.info_2edate_5fsend", "last time of sending"),
["info.date_send_correct"] = ProtoField.string("fiscald.novitus-xml.info_2edate_5fsend_5fcorrect", "last time of success"),
["info.data_send_correct"] = ProtoField.string("fiscald.novitus-xml.info_2edata_5fsend_5fcorrect", "last time of success"),
["info.jpk_send_count"] = ProtoField.string("fiscald.novitus-xml.info_2ejpk_5fsend_5fcount", "documents that wait"),
["info.jpk_actual_send_no"] = ProtoField.string("fiscald.novitus-xml.info_2ejpk_5factual_5fsend_5fno", "document that is sent"),
["info.server"] = ProtoField.string("fiscald.novitus-xml.info_2eserver", "address"),
["ptu"] = ProtoField.string("fiscald.novitus-xml.ptu", "rate or amount"),
["ptu.name"] = ProtoField.string("fiscald.novitus-xml.ptu_2ename", "letter"),
["ptu.rate"] = ProtoField.string("fiscald.novitus-xml.ptu_2erate", "rate"),
["ptu.sale"] = ProtoField.string("fiscald.novitus-xml.ptu_2esale", "sale"),
["ptu.tax"] = ProtoField.string("fiscald.novitus-xml.ptu_2etax", "tax"),
["ptu.totaltax"] = ProtoField.string("fiscald.novitus-xml.ptu_2etotaltax", "totaltax"),
["ptu.invoicesale"] = ProtoField.string("fiscald.novitus-xml.ptu_2einvoicesale", "invoicesale"),
["ptu.invoicetax"] = ProtoField.string("fiscald.novitus-xml.ptu_2einvoicetax", "invoicetax"),
["ptu.invoicetotaltax"] = ProtoField.string("fiscald.novitus-xml.ptu_2einvoicetotaltax", "invoicetotaltax"),
["total.name"] = ProtoField.string("fiscald.novitus-xml.total_2ename", "letter"),
["total.tax"] = ProtoField.string("fiscald.novitus-xml.total_2etax", "tax"),
["total.net"] = ProtoField.string("fiscald.novitus-xml.total_2enet", "net"),
["total.gross"] = ProtoField.string("fiscald.novitus-xml.total_2egross", "gross"),
["deviceinfo.action"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eaction", "action"),
["deviceinfo.devicename"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edevicename", "model"),
["deviceinfo.version"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eversion", "program"),
["deviceinfo.moduleprinterversion"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2emoduleprinterversion", "mechanism"),
["deviceinfo.systemname"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2esystemname", "systemname"),
["deviceinfo.systemversion"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2esystemversion", "systemversion"),
["deviceinfo.displaycount"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edisplaycount", "displays"),
["deviceinfo.displaylen"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edisplaylen", "characters of the display"),
["deviceinfo.ecopy"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eecopy", "electronic copy"),
["deviceinfo.fiscalsize"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2efiscalsize", "fiscalsize"),
["deviceinfo.recordlen"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2erecordlen", "recordlen"),
["deviceinfo.mode"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2emode", "0 not fiscal, 1 fiscal"),
["deviceinfo.uniqueno"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2euniqueno", "unique number"),
["deviceinfo.nip"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2enip", "taxpayer"),
["deviceinfo.eventlen"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eeventlen", "eventlen"),
["deviceinfo.recordcount"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2erecordcount", "recordcount"),
["deviceinfo.maxdailyreportcount"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2emaxdailyreportcount", "maxdailyreportcount"),
["deviceinfo.dailyreportcount"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edailyreportcount", "dailyreportcount"),
["deviceinfo.printermoduleversion"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eprintermoduleversion", "printermoduleversion"),
["deviceinfo.printerlen"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eprinterlen", "characters of a line"),
["deviceinfo.printerlenmm"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eprinterlenmm", "width in mm"),
["deviceinfo.font"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2efont", "font"),
["deviceinfo.cutter"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2ecutter", "cutter"),
["deviceinfo.papercount"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epapercount", "papercount"),
["deviceinfo.drawer_state"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edrawer_5fstate", "drawer_state"),
["deviceinfo.db_article_state"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2edb_5farticle_5fstate", "db_article_state"),
["deviceinfo.powersupply"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epowersupply", "powersupply"),
["deviceinfo.powersupplyvoltage"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epowersupplyvoltage", "powersupplyvoltage"),
["deviceinfo.poweraccumulatorvoltage"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epoweraccumulatorvoltage", "poweraccumulatorvoltage"),
["deviceinfo.powerbatteryvoltage"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epowerbatteryvoltage", "powerbatteryvoltage"),
["deviceinfo.powermode"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2epowermode", "powermode"),
["deviceinfo.acumulatorstate"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2eacumulatorstate", "acumulatorstate"),
["deviceinfo.batterystate"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2ebatterystate", "batterystate"),
["deviceinfo.chargelevelakumulator"] = ProtoField.string("fiscald.novitus-xml.deviceinfo_2echargelevelakumulator", "chargelevelakumulator"),
["control.action"] = ProtoField.string("fiscald.novitus-xml.control_2eaction", "action"),
["control.value"] = ProtoField.string("fiscald.novitus-xml.control_2evalue", "lines"),
["control.cutter"] = ProtoField.string("fiscald.novitus-xml.control_2ecutter", "cut the paper"),
["control.line1"] = ProtoField.string("fiscald.novitus-xml.control_2eline1", "line1"),
["control.line2"] = ProtoField.string("fiscald.novitus-xml.control_2eline2", "line2"),
["control.line3"] = ProtoField.string("fiscald.novitus-xml.control_2eline3", "line3"),
["control.line4"] = ProtoField.string("fiscald.novitus-xml.control_2eline4", "line4"),
["control.line5"] = ProtoField.string("fiscald.novitus-xml.control_2eline5", "line5"),
["control.line6"] = ProtoField.string("fiscald.novitus-xml.control_2eline6", "line6"),
["control.line7"] = ProtoField.string("fiscald.novitus-xml.control_2eline7", "line7"),
["control.line8"] = ProtoField.string("fiscald.novitus-xml.control_2eline8", "line8"),
["control.text"] = ProtoField.string("fiscald.novitus-xml.control_2etext", "text"),
["report.type"] = ProtoField.string("fiscald.novitus-xml.report_2etype", "type"),
["report.date"] = ProtoField.string("fiscald.novitus-xml.report_2edate", "printer's date"),
["report.from"] = ProtoField.string("fiscald.novitus-xml.report_2efrom", "from"),
["report.to"] = ProtoField.string("fiscald.novitus-xml.report_2eto", "to"),
["report.kind"] = ProtoField.string("fiscald.novitus-xml.report_2ekind", "kind"),
["report.checkout"] = ProtoField.string("fiscald.novitus-xml.report_2echeckout", "till"),
["report.cashier"] = ProtoField.string("fiscald.novitus-xml.report_2ecashier", "cashier"),
["report.begin"] = ProtoField.string("fiscald.novitus-xml.report_2ebegin", "begin"),
["report.end"] = ProtoField.string("fiscald.novitus-xml.report_2eend", "end"),
["report.income"] = ProtoField.string("fiscald.novitus-xml.report_2eincome", "income"),
["report.expense"] = ProtoField.string("fiscald.novitus-xml.report_2eexpense", "expense"),
["report.cash"] = ProtoField.string("fiscald.novitus-xml.report_2ecash", "cash"),
["report.payin"] = ProtoField.string("fiscald.novitus-xml.report_2epayin", "payin"),
["report.payout"] = ProtoField.string("fiscald.novitus-xml.report_2epayout", "payout"),
["report.balance"] = ProtoField.string("fiscald.novitus-xml.report_2ebalance", "balance"),
["report.receiptcount"] = ProtoField.string("fiscald.novitus-xml.report_2ereceiptcount", "receiptcount"),
["report.canceledreceiptcount"] = ProtoField.string("fiscald.novitus-xml.report_2ecanceledreceiptcount", "canceledreceiptcount"),
["report.stornocount"] = ProtoField.string("fiscald.novitus-xml.report_2estornocount", "stornocount"),
["report.mode"] = ProtoField.string("fiscald.novitus-xml.report_2emode", "mode"),
["report.settlement_relief"] = ProtoField.string("fiscald.novitus-xml.report_2esettlement_5frelief", "settlement_relief"),
["report.tax_changes"] = ProtoField.string("fiscald.novitus-xml.report_2etax_5fchanges", "tax_changes"),
["report.daily_reports"] = ProtoField.string("fiscald.novitus-xml.report_2edaily_5freports", "daily_reports"),
["report.format"] = ProtoField.string("fiscald.novitus-xml.report_2eformat", "format"),
["report.action"] = ProtoField.string("fiscald.novitus-xml.report_2eaction", "action"),
["cashier.action"] = ProtoField.string("fiscald.novitus-xml.cashier_2eaction", "action"),
["cashier.number"] = ProtoField.string("fiscald.novitus-xml.cashier_2enumber", "number"),
["cashier.name"] = ProtoField.string("fiscald.novitus-xml.cashier_2ename", "name"),
["cash.action"] = ProtoField.string("fiscald.novitus-xml.cash_2eaction", "action"),
["cash.value"] = ProtoField.string("fiscald.novitus-xml.cash_2evalue", "amount"),
["cash.checkout"] = ProtoField.string("fiscald.novitus-xml.cash_2echeckout", "till"),
["cash.cashier"] = ProtoField.string("fiscald.novitus-xml.cash_2ecashier", "cashier"),
["dbcheck.action"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2eaction", "action"),
["dbcheck.mode"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2emode", "mode"),
["dbcheck.pluname"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2epluname", "goods"),
["dbcheck.ptu"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2eptu", "VAT letter"),
["dbcheck.checkout"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2echeckout", "till"),
["dbcheck.cashier"] = ProtoField.string("fiscald.novitus-xml.dbcheck_2ecashier", "cashier"),
["config.action"] = ProtoField.string("fiscald.novitus-xml.config_2eaction", "action"),
["config.from"] = ProtoField.string("fiscald.novitus-xml.config_2efrom", "from"),
["config.to"] = ProtoField.string("fiscald.novitus-xml.config_2eto", "to"),
["set"] = ProtoField.string("fiscald.novitus-xml.set", "value"),
["set.id"] = ProtoField.string("fiscald.novitus-xml.set_2eid", "number of the setting"),
["clock.date"] = ProtoField.string("fiscald.novitus-xml.clock_2edate", "new time"),
["header_online.action"] = ProtoField.string("fiscald.novitus-xml.header_5fonline_2eaction", "action"),
["header.action"] = ProtoField.string("fiscald.novitus-xml.header_2eaction", "action"),
["taxrates.action"] = ProtoField.string("fiscald.novitus-xml.taxrates_2eaction", "action"),
["taxrates.checkout"] = ProtoField.string("fiscald.novitus-xml.taxrates_2echeckout", "till"),
["taxrates.cashier"] = ProtoField.string("fiscald.novitus-xml.taxrates_2ecashier", "cashier"),
["taxrates.date"] = ProtoField.string("fiscald.novitus-xml.taxrates_2edate", "printer's time"),
["currency.action"] = ProtoField.string("fiscald.novitus-xml.currency_2eaction", "action"),
["currency.date"] = ProtoField.string("fiscald.novitus-xml.currency_2edate", "date"),
["currency.name"] = ProtoField.string("fiscald.novitus-xml.currency_2ename", "name"),
["currency.exchangerate"] = ProtoField.string("fiscald.novitus-xml.currency_2eexchangerate", "exchangerate"),
["currency.type"] = ProtoField.string("fiscald.novitus-xml.currency_2etype", "type"),
["fiscalization.action"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eaction", "action"),
["fiscalization.typedevice"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2etypedevice", "typedevice"),
["fiscalization.nip"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2enip", "taxpayer"),
["fiscalization.officename"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eofficename", "officename"),
["fiscalization.servicename"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eservicename", "servicename"),
["fiscalization.servicemanname"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eservicemanname", "servicemanname"),
["fiscalization.service_id"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eservice_5fid", "service_id"),
["fiscalization.taxofficecode"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2etaxofficecode", "taxofficecode"),
["fiscalization.regnumber"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2eregnumber", "regnumber"),
["fiscalization.tax_service"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2etax_5fservice", "tax_service"),
["fiscalization.typenumbering"] = ProtoField.string("fiscald.novitus-xml.fiscalization_2etypenumbering", "typenumbering"),
["service.action"] = ProtoField.string("fiscald.novitus-xml.service_2eaction", "action"),
["service.date"] = ProtoField.string("fiscald.novitus-xml.service_2edate", "date"),
["service.description"] = ProtoField.string("fiscald.novitus-xml.service_2edescription", "description"),
["service.password"] = ProtoField.string("fiscald.novitus-xml.service_2epassword", "password"),
["service.service_id"] = ProtoField.string("fiscald.novitus-xml.service_2eservice_5fid", "service_id"),
["serweraddr.action"] = ProtoField.string("fiscald.novitus-xml.serweraddr_2eaction", "action"),
["serweraddr.value"] = ProtoField.string("fiscald.novitus-xml.serweraddr_2evalue", "address"),
["serweraddr.type"] = ProtoField.string("fiscald.novitus-xml.serweraddr_2etype", "type"),
["graphic"] = ProtoField.string("fiscald.novitus-xml.graphic", "hexadecimal"),
["graphic.action"] = ProtoField.string("fiscald.novitus-xml.graphic_2eaction", "action"),
["graphic.id"] = ProtoField.string("fiscald.novitus-xml.graphic_2eid", "id"),
["graphic.type"] = ProtoField.string("fiscald.novitus-xml.graphic_2etype", "type"),
["animation"] = ProtoField.string("fiscald.novitus-xml.animation", "base64"),
["animation.action"] = ProtoField.string("fiscald.novitus-xml.animation_2eaction", "action"),
["animation.name"] = ProtoField.string("fiscald.novitus-xml.animation_2ename", "name"),
["animation.size"] = ProtoField.string("fiscald.novitus-xml.animation_2esize", "size"),
["animation.type"] = ProtoField.string("fiscald.novitus-xml.animation_2etype", "type"),
["animation.id"] = ProtoField.string("fiscald.novitus-xml.animation_2eid", "id"),
["paper.action"] = ProtoField.string("fiscald.novitus-xml.paper_2eaction", "action"),
["paper.value"] = ProtoField.string("fiscald.novitus-xml.paper_2evalue", "value"),
["drawercounter.action"] = ProtoField.string("fiscald.novitus-xml.drawercounter_2eaction", "action"),
["drawercounter.value"] = ProtoField.string("fiscald.novitus-xml.drawercounter_2evalue", "value"),
["updatelog.action"] = ProtoField.string("fiscald.novitus-xml.updatelog_2eaction", "action"),
["updatelog.value"] = ProtoField.string("fiscald.novitus-xml.updatelog_2evalue", "value"),
["processlog.action"] = ProtoField.string("fiscald.novitus-xml.processlog_2eaction", "action"),
["processlog.value"] = ProtoField.string("fiscald.novitus-xml.processlog_2evalue", "value"),
["processlog.datetimestart"] = ProtoField.string("fiscald.novitus-xml.processlog_2edatetimestart", "datetimestart"),
["processlog.datetimestop"] = ProtoField.string("fiscald.novitus-xml.processlog_2edatetimestop", "datetimestop"),
["processlog.level"] = ProtoField.string("fiscald.novitus-xml.processlog_2elevel", "level"),
["processlog.mode"] = ProtoField.string("fiscald.novitus-xml.processlog_2emode", "mode"),
["log"] = ProtoField.string("fiscald.novitus-xml.log", "data"),
["log.action"] = ProtoField.string("fiscald.novitus-xml.log_2eaction", "action"),
["log.port"] = ProtoField.string("fiscald.novitus-xml.log_2eport", "port"),
["log.date"] = ProtoField.string("fiscald.novitus-xml.log_2edate", "date"),
["fiscalmemory.action"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2eaction", "action"),
["fiscalmemory.from"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2efrom", "from"),
["fiscalmemory.type"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2etype", "type"),
["fiscalmemory.time"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2etime", "time"),
["fiscalmemory.number"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2enumber", "number"),
["fiscalmemory.receiptcount"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2ereceiptcount", "receiptcount"),
["fiscalmemory.invoicecount"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2einvoicecount", "invoicecount"),
["fiscalmemory.canceledreceiptcount"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2ecanceledreceiptcount", "canceledreceiptcount"),
["fiscalmemory.lastreceipt"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2elastreceipt", "lastreceipt"),
["fiscalmemory.lastinvoice"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2elastinvoice", "lastinvoice"),
["fiscalmemory.lastprintout"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2elastprintout", "lastprintout"),
["fiscalmemory.sale"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2esale", "sale"),
["fiscalmemory.tax"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2etax", "tax"),
["fiscalmemory.totalsale"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2etotalsale", "totalsale"),
["fiscalmemory.totaltax"] = ProtoField.string("fiscald.novitus-xml.fiscalmemory_2etotaltax", "totaltax"),
["nonfiscalprintout.systemno"] = ProtoField.string("fiscald.novitus-xml.nonfiscalprintout_2esystemno", "the application's number"),
["nonfiscalprintout.nonfiscalheader"] = ProtoField.string("fiscald.novitus-xml.nonfiscalprintout_2enonfiscalheader", "heading"),
}
family.errors = {
["1"] = { "1", "the clock was never set", "zegar drukarki nie jest ustawiony; wezwij serwis" },
["2"] = { "2", "the check byte does not fit the command", "zakłócenia w połączeniu z drukarką; sprawdź kabel" },
["3"] = { "3", "wrong number of parameters", "błąd programu: niepoprawna liczba danych w poleceniu dla drukarki" },
["4"] = { "4", "a parameter does not fit", "niepoprawna wartość w poleceniu dla drukarki" },
["5"] = { "5", "fault of the clock", "błąd zegara drukarki; wezwij serwis" },
["6"] = { "6", "fault of the fiscal module", "błąd modułu fiskalnego drukarki; wezwij serwis" },
["7"] = { "7", "the date is not acceptable", "błędna data; sprawdź zegar drukarki" },
["8"] = { "8", "not possible before a daily report: the day's totals are not zero", "najpierw trzeba wykonać raport dobowy" },
["9"] = { "9", "fault of input or output", "błąd wejścia lub wyjścia drukarki" },
["11"] = { "11", "wrong number of VAT rates", "błędna liczba stawek PTU" },
["12"] = { "12", "the header is too long, empty or missing", "błędny nagłówek drukarki lub jego brak" },
["13"] = { "13", "the device is fiscalised already", "drukarka jest już zafiskalizowana" },
["15"] = { "15", "the additional lines are not acceptable", "błędne linie dodatkowe" },
["16"] = { "16", "the name of the goods is empty or too long", "błędna nazwa towaru" },
["17"] = { "17", "the quantity or the number of packaging is empty, too long or wrong", "błędna ilość" },
["18"] = { "18", "no such VAT rate, an inactive one, or goods blocked by the control of rates", "błędna stawka PTU lub towar zablokowany: był sprzedawany z inną stawką" },
["19"] = { "19", "the price is not acceptable, or a sum is too large", "błędna cena" },
["20"] = { "20", "the line's value is not quantity times price, or its discount leaves less than nothing", "wartość pozycji lub rabatu nie zgadza się z obliczeniem drukarki" },
["21"] = { "21", "no receipt is open", "paragon nie jest rozpoczęty" },
["22"] = { "22", "the storno fits no line, or a sum would be negative", "błędne storno lub ujemna wartość" },
["23"] = { "23", "wrong number of lines: nothing was sold", "brak sprzedaży na paragonie" },
["25"] = { "25", "the cashier's name or a text is not acceptable", "błędna nazwa kasjera lub błędny tekst" },
["26"] = { "26", "the value of a payment is not acceptable", "błędna wartość płatności" },
["27"] = { "27", "the total differs from the printer's sum", "suma dokumentu nie zgadza się z obliczeniem drukarki" },
["28"] = { "28", "the totals of the day are full", "totalizery drukarki są pełne; wykonaj raport dobowy" },
["30"] = { "30", "the value of a payment is not acceptable (2)", "błędna wartość płatności" },
["32"] = { "32", "not so much cash in the drawer; its state is now zero", "za mało gotówki w kasie; drukarka przyjęła stan zerowy" },
["34"] = { "34", "an amount or another text is not acceptable", "błędna kwota lub tekst" },
["35"] = { "35", "there is nothing to report: the day's totals are zero", "nie ma sprzedaży do raportu dobowego" },
["38"] = { "38", "the name is not acceptable", "błędna nazwa" },
["40"] = { "40", "no header is programmed", "nie zaprogramowano nagłówka drukarki" },
["51"] = { "51", "the amount is not acceptable", "błędna kwota" },
["52"] = { "52", "the pricing table is not empty", "tabela wycen nie jest pusta" },
["53"] = { "53", "the value differs from the pricing", "wartość nie zgadza się z wyceną" },
["54"] = { "54", "the drug was not priced", "lek nie został wyceniony" },
["56"] = { "56", "the fee is not acceptable", "błędna opłata" },
["57"] = { "57", "the pricing table is full", "tabela wycen jest pełna" },
["58"] = { "58", "the receipt is too long for the printer's memory", "paragon jest za długi dla pamięci drukarki" },
["82"] = { "82", "the command is not allowed in the printer's present state", "polecenie niedozwolone w obecnym stanie drukarki" },
["83"] = { "83", "the value of the packaging is not acceptable", "błędna wartość opakowania" },
["84"] = { "84", "too many different texts since the last daily report", "za dużo różnych tekstów dodatkowych od raportu dobowego" },
["99"] = { "99", "the command is not allowed", "polecenie niedozwolone" },
["500"] = { "500", "wrong type of receipt", "zły rodzaj paragonu" },
["502"] = { "502", "unknown relief", "nieznana ulga" },
["503"] = { "503", "a discount is forbidden", "rabat zabroniony" },
["1000"] = { "1000", "initialisation failed", "błąd inicjalizacji drukarki; wezwij serwis" },
["1002"] = { "1002", "a receipt is open already", "paragon jest już rozpoczęty" },
["1003"] = { "1003", "no such VAT rate", "brak stawki PTU" },
["1004"] = { "1004", "the discount is not acceptable", "błędny rabat" },
["1005"] = { "1005", "the data are not acceptable", "błędne dane" },
["1006"] = { "1006", "the printer is not in fiscal mode", "drukarka nie jest w trybie fiskalnym" },
["1007"] = { "1007", "the VAT rates are not programmed", "nie zaprogramowano stawek PTU" },
["1008"] = { "1008", "the fiscal memory is full", "pamięć fiskalna jest pełna; wezwij serwis" },
["1009"] = { "1009", "checksum of the memory", "błąd sumy kontrolnej pamięci drukarki; wezwij serwis" },
["1010"] = { "1010", "checksum of the goods base", "błąd sumy kontrolnej bazy towarowej; wezwij serwis" },
["1011"] = { "1011", "checksum of the header", "błąd sumy kontrolnej nagłówka; wezwij serwis" },
["1012"] = { "1012", "checksum of the cashier's name", "błąd sumy kontrolnej nazwy kasjera; wezwij serwis" },
["1013"] = { "1013", "checksum of the register's number", "błąd sumy kontrolnej numeru kasy; wezwij serwis" },
["1014"] = { "1014", "an update failed", "nie powiodła się aktualizacja drukarki; wezwij serwis" },
["1015"] = { "1015", "the unique number is not programmed", "brak numeru unikatowego drukarki" },
["1016"] = { "1016", "no fiscal memory", "brak pamięci fiskalnej; wezwij serwis" },
["1017"] = { "1017", "no printing mechanism", "brak mechanizmu drukującego; wezwij serwis" },
["1018"] = { "1018", "no display", "brak wyświetlacza; wezwij serwis" },
["1019"] = { "1019", "the fiscal memory was exchanged", "wymieniono pamięć fiskalną; wezwij serwis" },
["1021"] = { "1021", "the device is read-only", "drukarka jest w trybie tylko do odczytu" },
["1022"] = { "1022", "the printer does not know this command", "błąd programu: drukarka nie zna tego polecenia" },
["1023"] = { "1023", "the command is not built as it should be", "błąd programu: błędne polecenie dla drukarki" },
["1024"] = { "1024", "the range of the report is not acceptable", "błędny zakres raportu" },
["1025"] = { "1025", "no data in this range", "brak danych w podanym zakresie" },
["1026"] = { "1026", "the receive buffer overflowed", "przepełniony bufor odbiorczy drukarki" },
["1027"] = { "1027", "the fiscal mode is not finished", "niezakończony tryb fiskalny" },
["1028"] = { "1028", "the fiscal memory is damaged", "uszkodzona pamięć fiskalna; wezwij serwis" },
["1029"] = { "1029", "a limit of the fiscal memory is exceeded", "przekroczony limit pamięci fiskalnej; wezwij serwis" },
["1030"] = { "1030", "the map of the fiscal memory is damaged", "uszkodzona mapa pamięci fiskalnej; wezwij serwis" },
["1031"] = { "1031", "the command does not belong to this mode", "polecenie niedozwolone w tym trybie" },
["1032"] = { "1032", "a wrong pointer of a frame", "błąd programu: błędny wskaźnik ramki" },
["1033"] = { "1033", "the fiscal memory is busy", "pamięć fiskalna jest zajęta" },
["1034"] = { "1034", "the printer is busy", "drukarka jest zajęta" },
["1037"] = { "1037", "no paper", "brak papieru" },
["1046"] = { "1046", "no data", "brak danych" },
["1054"] = { "1054", "no access", "brak dostępu" },
["1070"] = { "1070", "the graphics of the header failed", "błąd grafiki nagłówka" },
["1073"] = { "1073", "graphics could not be printed", "błąd wydruku grafiki" },
["1075"] = { "1075", "the graphics is not acceptable", "błędna grafika" },
["1076"] = { "1076", "this graphics is programmed already", "grafika jest już zaprogramowana" },
["1078"] = { "1078", "a transaction of the printer's database failed", "błąd bazy danych drukarki; wezwij serwis" },
["1079"] = { "1079", "the memory for advertisements is full", "pamięć reklam jest pełna" },
["1083"] = { "1083", "the advertisement is in use", "reklama jest używana" },
["1085"] = { "1085", "date or time does not match the last fiscal record", "data lub czas nie zgadza się z ostatnim zapisem w pamięci fiskalnej" },
["1086"] = { "1086", "fault of the printing service (older firmware: a daily report is overdue)", "błąd usługi drukowania lub brak zaległego raportu dobowego" },
["1088"] = { "1088", "no protected memory (older firmware: limit of memory resets)", "brak pamięci chronionej lub przekroczony limit zerowań pamięci; wezwij serwis" },
["1089"] = { "1089", "fault of the protected memory", "błąd pamięci chronionej; wezwij serwis" },
["1090"] = { "1090", "no room in the exchange file", "brak miejsca w pliku wymiany" },
["1091"] = { "1091", "fault of the table of contents", "błąd bazy spisu treści; wezwij serwis" },
["1092"] = { "1092", "there is nothing on the receipt", "brak pozycji na paragonie" },
["1093"] = { "1093", "fault of the process status", "błąd statusu procesu drukarki" },
["1094"] = { "1094", "the schedule is not set up", "błąd konfiguracji harmonogramu" },
["1095"] = { "1095", "fault of the fiscalisation", "błąd fiskalizacji" },
["1096"] = { "1096", "no connection to the security module", "błąd połączenia z modułem zabezpieczeń; wezwij serwis" },
["1097"] = { "1097", "a name could not be resolved", "błąd sieci drukarki (DNS)" },
["1098"] = { "1098", "the buyer's NIP is missing or not valid", "brak NIP nabywcy lub jest on błędny" },
["1099"] = { "1099", "the protected memory could not be written", "błąd zapisu pamięci chronionej; wezwij serwis" },
["1100"] = { "1100", "sale is blocked", "sprzedaż zablokowana" },
["1101"] = { "1101", "no data of the buyer", "brak danych nabywcy" },
["1102"] = { "1102", "the protected memory could not be read", "błąd dostępu do pamięci chronionej; wezwij serwis" },
["1103"] = { "1103", "no certificates", "brak certyfikatów drukarki" },
["1104"] = { "1104", "no name of the buyer", "brak nazwy nabywcy" },
["1105"] = { "1105", "checksum of the program", "błąd sumy kontrolnej programu drukarki; wezwij serwis" },
["1106"] = { "1106", "nothing to download", "nie ma czego pobrać" },
["1107"] = { "1107", "nothing to install", "nie ma czego zainstalować" },
["1108"] = { "1108", "no power supply", "brak zasilania drukarki; podłącz zasilacz" },
["1109"] = { "1109", "the number of the invoice is not acceptable", "błędny numer faktury" },
["1110"] = { "1110", "a certificate could not be written", "błąd zapisu certyfikatu" },
["1111"] = { "1111", "limit of memory resets reached", "przekroczony limit zerowań pamięci; wezwij serwis" },
["1112"] = { "1112", "the fiscalisation is finished", "fiskalizacja jest zakończona" },
["1113"] = { "1113", "the fiscalisation is not finished", "fiskalizacja nie jest zakończona" },
["1114"] = { "1114", "the fiscal memory could not be written", "błąd zapisu pamięci fiskalnej; wezwij serwis" },
["1115"] = { "1115", "a surcharge is forbidden", "narzut zabroniony" },
["1116"] = { "1116", "an overdue daily report must be made first", "najpierw trzeba wykonać zaległy raport dobowy" },
["1117"] = { "1117", "discounts and surcharges are forbidden", "rabat i narzut zabronione" },
["1118"] = { "1118", "too many items on the ticket", "za dużo pozycji na bilecie" },
["1119"] = { "1119", "a printout from the protected memory is open", "trwa wydruk z pamięci chronionej" },
["1120"] = { "1120", "no printout from the protected memory is open", "nie rozpoczęto wydruku z pamięci chronionej" },
["1500"] = { "1500", "the index of the spare is not acceptable", "błędny indeks" },
["1501"] = { "1501", "the memory is full", "pamięć drukarki jest pełna" },
["1502"] = { "1502", "a verification failed", "błąd weryfikacji" },
["1503"] = { "1503", "the change of the server is blocked", "zmiana serwera jest zablokowana" },
["1504"] = { "1504", "electronic receipts are not active", "e-paragony nie są aktywne" },
["1505"] = { "1505", "checksum of the fiscal memory's program", "błąd sumy kontrolnej programu pamięci fiskalnej; wezwij serwis" },
["1506"] = { "1506", "unknown VAT rate", "nieznana stawka PTU" },
["1507"] = { "1507", "the number of the car is not acceptable", "błędny numer boczny" },
["1508"] = { "1508", "the name of the stop is not acceptable", "błędna nazwa przystanku" },
["1509"] = { "1509", "date or time is not acceptable", "błędna data lub czas" },
["1510"] = { "1510", "the voltage is not right", "błędne napięcie zasilania drukarki" },
["1511"] = { "1511", "no connection", "błąd połączenia" },
["1512"] = { "1512", "the temperature is not right", "niewłaściwa temperatura drukarki" },
["1513"] = { "1513", "an additional line is too long", "za długa linia dodatkowa" },
["1514"] = { "1514", "the relief is not acceptable", "błędna ulga" },
["1515"] = { "1515", "a refund is forbidden", "zwrot zabroniony" },
["1516"] = { "1516", "an invoice is open already", "faktura jest już rozpoczęta" },
["1517"] = { "1517", "the pharmacy is blocked", "tryb apteczny jest zablokowany" },
["1518"] = { "1518", "the ticket is blocked", "bilet jest zablokowany" },
["1519"] = { "1519", "the printer is not fiscalised", "drukarka jest w trybie niefiskalnym" },
["1520"] = { "1520", "there is no daily report", "brak raportu dobowego" },
["1521"] = { "1521", "the transaction's id has a wrong length", "błędna długość identyfikatora transakcji" },
["1522"] = { "1522", "the transaction's id is not a number", "identyfikator transakcji nie jest liczbą" },
["1523"] = { "1523", "checksum of the transaction's id", "błędna suma kontrolna identyfikatora transakcji" },
["1524"] = { "1524", "the document was not found", "nie znaleziono dokumentu" },
["1525"] = { "1525", "it could not be deleted", "błąd usuwania" },
["9999"] = { "9999", "critical fault", "błąd krytyczny drukarki; wezwij serwis" },
["10"] = { "10", "the clock may not be changed so far", "niedozwolona zmiana zegara drukarki" },
["14"] = { "14", "no header goes into the memory of a fiscalised device", "błąd zapisu nagłówka drukarki" },
["24"] = { "24", "the printer's buffer overflowed", "przepełniony bufor drukarki" },
["29"] = { "29", "no receipt is open that could be closed", "nie ma rozpoczętego paragonu" },
["31"] = { "31", "too much cash in the drawer; its state is now the amount sent", "za duży stan kasy" },
["33"] = { "33", "the text of shift or cashier is not acceptable", "błędna nazwa zmiany lub kasjera" },
["36"] = { "36", "a report of this date exists already, and there is nothing new to report", "raport dobowy z tą datą już wykonano" },
["37"] = { "37", "a person broke it off on the keypad", "czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany" },
["39"] = { "39", "goods base: the rate is not acceptable", "błędna stawka PTU towaru" },
["41"] = { "41", "card slip: number of the register", "błędny numer kasy na potwierdzeniu płatności kartą" },
["42"] = { "42", "card slip: number of the cashier", "błędny numer kasjera na potwierdzeniu płatności kartą" },
["43"] = { "43", "card slip: number of the receipt", "błędny numer paragonu na potwierdzeniu płatności kartą" },
["44"] = { "44", "card slip: customer", "błędny kontrahent na potwierdzeniu płatności kartą" },
["45"] = { "45", "card slip: terminal", "błędny terminal na potwierdzeniu płatności kartą" },
["46"] = { "46", "card slip: name of the card", "błędna nazwa karty" },
["47"] = { "47", "card slip: number of the card", "błędny numer karty" },
["48"] = { "48", "card slip: month of validity", "błędny miesiąc ważności karty" },
["49"] = { "49", "card slip: year of validity", "błędny rok ważności karty" },
["50"] = { "50", "card slip: authorisation code", "błędny kod autoryzacji karty" },
["55"] = { "55", "the drug has no description", "brak opisu leku" },
["1001"] = { "1001", "the memory is damaged", "uszkodzona pamięć RAM drukarki; wezwij serwis" },
["1020"] = { "1020", "the same VAT rates are programmed already", "takie stawki PTU są już zaprogramowane" },
["1038"] = { "1038", "electronic copy: it could not be written", "błąd zapisu kopii elektronicznej" },
["1039"] = { "1039", "electronic copy: the card could not be installed", "błąd instalacji karty kopii elektronicznej" },
["1040"] = { "1040", "electronic copy: the card is closed", "karta kopii elektronicznej jest zamknięta" },
["1041"] = { "1041", "electronic copy: its check failed", "błąd weryfikacji kopii elektronicznej" },
["1042"] = { "1042", "electronic copy: its cache is full", "pamięć podręczna kopii elektronicznej jest pełna" },
["1043"] = { "1043", "electronic copy: not saved", "nie zapisano kopii elektronicznej" },
["1044"] = { "1044", "electronic copy: it could not be printed", "błąd wydruku kopii elektronicznej" },
["1045"] = { "1045", "electronic copy: no card", "brak karty kopii elektronicznej" },
["1047"] = { "1047", "electronic copy: the card is not ready", "karta kopii elektronicznej nie jest gotowa" },
["1048"] = { "1048", "electronic copy: the card could not be closed", "błąd zamknięcia karty kopii elektronicznej" },
["1049"] = { "1049", "electronic copy: the card could not be opened", "błąd otwarcia karty kopii elektronicznej" },
["1050"] = { "1050", "electronic copy: its file id.txt", "błąd pliku id.txt kopii elektronicznej" },
["1051"] = { "1051", "electronic copy: its file no.txt", "błąd pliku no.txt kopii elektronicznej" },
["1052"] = { "1052", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1053"] = { "1053", "electronic copy: its password", "błędne hasło kopii elektronicznej" },
["1055"] = { "1055", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1056"] = { "1056", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1057"] = { "1057", "electronic copy: its base of cards", "błąd bazy kart kopii elektronicznej" },
["1058"] = { "1058", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1059"] = { "1059", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1060"] = { "1060", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1061"] = { "1061", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1062"] = { "1062", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1063"] = { "1063", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1064"] = { "1064", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1065"] = { "1065", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1066"] = { "1066", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1067"] = { "1067", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1068"] = { "1068", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1069"] = { "1069", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1071"] = { "1071", "the month is not finished", "miesiąc nie jest zakończony" },
["1072"] = { "1072", "data of a device that is not supported", "dane nieobsługiwanego urządzenia" },
["1074"] = { "1074", "the graphics of the printout is not acceptable", "błędna grafika wydruku" },
["1084"] = { "1084", "this version of the program is forbidden", "niedozwolona wersja programu drukarki; wezwij serwis" },
["1087"] = { "1087", "fault of the file system", "błąd systemu plików drukarki; wezwij serwis" },
}
local function crc32(text)
    local crc = 0xffffffff
    for place = 1, #text do
        crc = bit.bxor(crc, text:byte(place))
        for _ = 1, 8 do
            local low = bit.band(crc, 1)
            crc = bit.rshift(crc, 1)
            if low == 1 then
                crc = bit.bxor(crc, 0xedb88320)
            end
        end
    end
    return bit.tohex(bit.bnot(crc)):upper()
end

local TAGS = { "packet", "pakiet" }

local function opening(data, from)
    local first
    for _, tag in ipairs(TAGS) do
        local at = data:find("<" .. tag .. "[%s/>]", from)
        if at and (not first or at < first) then
            first = at
        end
    end
    return first
end

local function ending(data, from)
    local first, last
    for _, tag in ipairs(TAGS) do
        local at, stop = data:find("</" .. tag .. "%s*>", from)
        if at and (not first or at < first) then
            first, last = at, stop
        end
    end
    return first, last
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local start = opening(data, at)
        if not start then
            local partial = data:find("<[pakcite]*$", at)
            local stop = (partial or #data + 1) - 1
            if stop >= at then
                pieces[#pieces + 1] = { first = at, last = stop }
            end
            return pieces, stop + 1
        end
        if start > at then
            pieces[#pieces + 1] = { first = at, last = start - 1 }
        end
        local close = data:find(">", start, true)
        if not close then
            return pieces, start
        end
        local stop
        if data:sub(close - 1, close - 1) == "/" then
            stop = close
        else
            local next_one = opening(data, start + 1)
            local first, last = ending(data, start)
            if first and (not next_one or first < next_one) then
                stop = last
            elseif next_one then
                stop = next_one - 1
            elseif #data - start > 65792 then
                stop = #data
            else
                return pieces, start
            end
        end
        pieces[#pieces + 1] = { first = start, last = stop }
        at = stop + 1
    end
    return pieces, at
end

local ONE_MEANING = {
    dle = true, enq = true, item = true, payment = true, discount = true, container = true, rcpitemadvances = true,
    clock = true, nonfiscalprintout = true,
}

function family.parse(bytes)
    local frame = { fields = {} }
    if not bytes:match("^<pa[ck]") then
        frame.damage = "bytes outside of a packet"
        return frame
    end
    local tag, close = bytes:match("^(<pa[ck][^>]*)()>")
    local last = bytes:match("()</pa[ck][a-z]*%s*>$")
    if not tag or not last then
        if not (tag and tag:sub(-1) == "/") then
            frame.damage = "the packet has no end"
        end
        return frame
    end
    local body = bytes:sub(close + 1, last - 1)
    local crc = tag:match('crc%s*=%s*["\'](%x+)["\']')
    if crc and (("0"):rep(8 - #crc) .. crc):upper() ~= crc32(body) then
        frame.damage = "a packet, but its checksum is wrong"
        return frame
    end
    local names, depth = {}, 0
    for at, slash, name, attributes, stop in body:gmatch("()<(/?)([%w_.-]+)([^>]-)()>") do
        if slash == "/" then
            depth = depth - 1
        else
            local action
            for place, key, value in attributes:gmatch('()([%w_.-]+)%s*=%s*["\']([^"\']*)["\']') do
                local from = body:find(value, at + #name + place, true) or at
                frame.fields[#frame.fields + 1] = {
                    name = name .. "." .. key, first = close + from, last = close + from + #value - 1,
                }
                if key == (name == "report" and "type" or "action") then
                    action = value
                end
                if name == "error" and key == "value" and value:match("^[1-9]%d*$") then
                    frame.error = value
                end
            end
            if depth == 0 then
                names[#names + 1] = (ONE_MEANING[name] or not action) and name or name .. " " .. action
            end
            if attributes:sub(-1) ~= "/" then
                depth = depth + 1
                local text = body:match("^([^<]+)<", stop + 1)
                if text and text:match("%S") then
                    frame.fields[#frame.fields + 1] = {
                        name = name, first = close + stop + 1, last = close + stop + #text,
                    }
                end
            end
        end
    end
    if #names > 1 and names[#names] == "error get" then
        names[#names] = nil
    end
    local shown, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then
            seen[name] = true
            shown[#shown + 1] = name
        end
    end
    local more = #shown - 3
    frame.name = #shown == 0 and "empty" or table.concat(shown, ", ", 1, math.min(3, #shown))
    if more > 0 then
        frame.name = frame.name .. " and " .. more .. " more"
    end
    return frame
end
end

-- noviapi ---------------------------------------------------------------------------------------------
do
local family = { code_page = 1 }
families["noviapi"] = family
family.words = {
["POST receipt"] = { meaning = "receipt: store", fields = {
} },
["PUT receipt"] = { meaning = "receipt: confirm: carry it out", fields = {
} },
["GET receipt"] = { meaning = "receipt: ask for the state", fields = {
} },
["DELETE receipt"] = { meaning = "receipt: remove", fields = {
} },
["POST invoice"] = { meaning = "invoice: store", fields = {
} },
["PUT invoice"] = { meaning = "invoice: confirm: carry it out", fields = {
} },
["GET invoice"] = { meaning = "invoice: ask for the state", fields = {
} },
["DELETE invoice"] = { meaning = "invoice: remove", fields = {
} },
["POST nf_printout"] = { meaning = "printout that is not fiscal: store", fields = {
} },
["PUT nf_printout"] = { meaning = "printout that is not fiscal: confirm: carry it out", fields = {
} },
["GET nf_printout"] = { meaning = "printout that is not fiscal: ask for the state", fields = {
} },
["DELETE nf_printout"] = { meaning = "printout that is not fiscal: remove", fields = {
} },
["POST daily_report"] = { meaning = "daily report: store", fields = {
} },
["PUT daily_report"] = { meaning = "daily report: confirm: carry it out", fields = {
} },
["GET daily_report"] = { meaning = "daily report: ask for the state", fields = {
} },
["DELETE daily_report"] = { meaning = "daily report: remove", fields = {
} },
["POST eft"] = { meaning = "payment terminal: store", fields = {
} },
["PUT eft"] = { meaning = "payment terminal: confirm: carry it out", fields = {
} },
["GET eft"] = { meaning = "payment terminal: ask for the state", fields = {
} },
["DELETE eft"] = { meaning = "payment terminal: remove", fields = {
} },
["POST graphic"] = { meaning = "graphics: store", fields = {
} },
["PUT graphic"] = { meaning = "graphics: confirm: carry it out", fields = {
} },
["GET graphic"] = { meaning = "graphics: ask for the state", fields = {
} },
["DELETE graphic"] = { meaning = "graphics: remove", fields = {
} },
["POST configuration"] = { meaning = "settings of the printer: store", fields = {
} },
["PUT configuration"] = { meaning = "settings of the printer: confirm: carry it out", fields = {
} },
["GET configuration"] = { meaning = "settings of the printer: ask for the state", fields = {
} },
["DELETE configuration"] = { meaning = "settings of the printer: remove", fields = {
} },
["POST status"] = { meaning = "status: store", fields = {
} },
["PUT status"] = { meaning = "status: confirm: carry it out", fields = {
} },
["GET status"] = { meaning = "status: ask for the state", fields = {
} },
["DELETE status"] = { meaning = "status: remove", fields = {
} },
["POST direct_io"] = { meaning = "a packet of another protocol: store", fields = {
} },
["PUT direct_io"] = { meaning = "a packet of another protocol: confirm: carry it out", fields = {
} },
["GET direct_io"] = { meaning = "a packet of another protocol: ask for the state", fields = {
} },
["DELETE direct_io"] = { meaning = "a packet of another protocol: remove", fields = {
} },
["POST lock"] = { meaning = "lock of the printer: store", fields = {
} },
["PUT lock"] = { meaning = "lock of the printer: confirm: carry it out", fields = {
} },
["GET lock"] = { meaning = "lock of the printer: ask for the state", fields = {
} },
["DELETE lock"] = { meaning = "lock of the printer: remove", fields = {
} },
["GET"] = { meaning = "is somebody there", fields = {
} },
["GET token"] = { meaning = "access token", fields = {
} },
["PATCH token"] = { meaning = "access token", fields = {
} },
["GET queue"] = { meaning = "what is not done yet; removing it", fields = {
} },
["DELETE queue"] = { meaning = "what is not done yet; removing it", fields = {
} },
}
family.common = {
["token"] = ProtoField.string("fiscald.noviapi.token", "access token"),
["nip"] = ProtoField.string("fiscald.noviapi.nip", "buyer's NIP"),
["ptu"] = ProtoField.string("fiscald.noviapi.ptu", "VAT rate"),
["jpkid"] = ProtoField.string("fiscald.noviapi.jpkid", "number in the protected memory"),
["pay_in"] = ProtoField.string("fiscald.noviapi.pay_5fin", "payments"),
["masked"] = ProtoField.string("fiscald.noviapi.masked", "asterisks in the electronic copy"),
["requests_in_queue"] = ProtoField.string("fiscald.noviapi.requests_5fin_5fqueue", "jobs not done yet"),
["print_send_mode"] = ProtoField.string("fiscald.noviapi.print_5fsend_5fmode", "what to do if it cannot be sent at once"),
["xml_cmd"] = ProtoField.string("fiscald.noviapi.xml_5fcmd", "packet of the XML protocol"),
}
family.errors = {
["exception 1"] = { "1", "the printer does not know the id", "drukarka nie zna tego dokumentu" },
["exception 2"] = { "2", "too many tokens were asked for", "drukarka nie wydaje teraz dostępu; odblokuj pobieranie tokenów w jej menu" },
["exception 3"] = { "3", "the token has expired", "dostęp do drukarki wygasł" },
["exception 4"] = { "4", "the token is not the printer's", "drukarka odrzuciła dostęp" },
["exception 5"] = { "5", "the printer has no token", "drukarka odrzuciła dostęp" },
["exception 6"] = { "6", "another document of this server is confirmed; the token was deleted", "drukarka wykonuje inny dokument" },
["exception 7"] = { "7", "the printer cannot read the request as JSON", "błąd programu: niepoprawne polecenie dla drukarki" },
["exception 8"] = { "8", "the request is not built as the contract says", "błąd programu: niepoprawne dane w poleceniu dla drukarki" },
["exception 9"] = { "9", "the document can no longer be removed", "dokumentu nie można już usunąć" },
["exception 10"] = { "10", "documents that are stored and not printed yet wait in the printer", "w drukarce czekają niewydrukowane dokumenty" },
["exception 11"] = { "11", "a daily report waits in the printer", "w drukarce czeka raport dobowy" },
["exception 13"] = { "13", "the printer's server reports an internal error", "błąd wewnętrzny serwera drukarki" },
["exception 14"] = { "14", "no space in the protected memory", "brak miejsca w pamięci chronionej drukarki" },
["1"] = { "1", "the clock was never set", "zegar drukarki nie jest ustawiony; wezwij serwis" },
["2"] = { "2", "the check byte does not fit the command", "zakłócenia w połączeniu z drukarką; sprawdź kabel" },
["3"] = { "3", "wrong number of parameters", "błąd programu: niepoprawna liczba danych w poleceniu dla drukarki" },
["4"] = { "4", "a parameter does not fit", "niepoprawna wartość w poleceniu dla drukarki" },
["5"] = { "5", "fault of the clock", "błąd zegara drukarki; wezwij serwis" },
["6"] = { "6", "fault of the fiscal module", "błąd modułu fiskalnego drukarki; wezwij serwis" },
["7"] = { "7", "the date is not acceptable", "błędna data; sprawdź zegar drukarki" },
["8"] = { "8", "not possible before a daily report: the day's totals are not zero", "najpierw trzeba wykonać raport dobowy" },
["9"] = { "9", "fault of input or output", "błąd wejścia lub wyjścia drukarki" },
["11"] = { "11", "wrong number of VAT rates", "błędna liczba stawek PTU" },
["12"] = { "12", "the header is too long, empty or missing", "błędny nagłówek drukarki lub jego brak" },
["13"] = { "13", "the device is fiscalised already", "drukarka jest już zafiskalizowana" },
["15"] = { "15", "the additional lines are not acceptable", "błędne linie dodatkowe" },
["16"] = { "16", "the name of the goods is empty or too long", "błędna nazwa towaru" },
["17"] = { "17", "the quantity or the number of packaging is empty, too long or wrong", "błędna ilość" },
["18"] = { "18", "no such VAT rate, an inactive one, or goods blocked by the control of rates", "błędna stawka PTU lub towar zablokowany: był sprzedawany z inną stawką" },
["19"] = { "19", "the price is not acceptable, or a sum is too large", "błędna cena" },
["20"] = { "20", "the line's value is not quantity times price, or its discount leaves less than nothing", "wartość pozycji lub rabatu nie zgadza się z obliczeniem drukarki" },
["21"] = { "21", "no receipt is open", "paragon nie jest rozpoczęty" },
["22"] = { "22", "the storno fits no line, or a sum would be negative", "błędne storno lub ujemna wartość" },
["23"] = { "23", "wrong number of lines: nothing was sold", "brak sprzedaży na paragonie" },
["25"] = { "25", "the cashier's name or a text is not acceptable", "błędna nazwa kasjera lub błędny tekst" },
["26"] = { "26", "the value of a payment is not acceptable", "błędna wartość płatności" },
["27"] = { "27", "the total differs from the printer's sum", "suma dokumentu nie zgadza się z obliczeniem drukarki" },
["28"] = { "28", "the totals of the day are full", "totalizery drukarki są pełne; wykonaj raport dobowy" },
["30"] = { "30", "the value of a payment is not acceptable (2)", "błędna wartość płatności" },
["32"] = { "32", "not so much cash in the drawer; its state is now zero", "za mało gotówki w kasie; drukarka przyjęła stan zerowy" },
["34"] = { "34", "an amount or another text is not acceptable", "błędna kwota lub tekst" },
["35"] = { "35", "there is nothing to report: the day's totals are zero", "nie ma sprzedaży do raportu dobowego" },
["38"] = { "38", "the name is not acceptable", "błędna nazwa" },
["40"] = { "40", "no header is programmed", "nie zaprogramowano nagłówka drukarki" },
["51"] = { "51", "the amount is not acceptable", "błędna kwota" },
["52"] = { "52", "the pricing table is not empty", "tabela wycen nie jest pusta" },
["53"] = { "53", "the value differs from the pricing", "wartość nie zgadza się z wyceną" },
["54"] = { "54", "the drug was not priced", "lek nie został wyceniony" },
["56"] = { "56", "the fee is not acceptable", "błędna opłata" },
["57"] = { "57", "the pricing table is full", "tabela wycen jest pełna" },
["58"] = { "58", "the receipt is too long for the printer's memory", "paragon jest za długi dla pamięci drukarki" },
["82"] = { "82", "the command is not allowed in the printer's present state", "polecenie niedozwolone w obecnym stanie drukarki" },
["83"] = { "83", "the value of the packaging is not acceptable", "błędna wartość opakowania" },
["84"] = { "84", "too many different texts since the last daily report", "za dużo różnych tekstów dodatkowych od raportu dobowego" },
["99"] = { "99", "the command is not allowed", "polecenie niedozwolone" },
["500"] = { "500", "wrong type of receipt", "zły rodzaj paragonu" },
["502"] = { "502", "unknown relief", "nieznana ulga" },
["503"] = { "503", "a discount is forbidden", "rabat zabroniony" },
["1000"] = { "1000", "initialisation failed", "błąd inicjalizacji drukarki; wezwij serwis" },
["1002"] = { "1002", "a receipt is open already", "paragon jest już rozpoczęty" },
["1003"] = { "1003", "no such VAT rate", "brak stawki PTU" },
["1004"] = { "1004", "the discount is not acceptable", "błędny rabat" },
["1005"] = { "1005", "the data are not acceptable", "błędne dane" },
["1006"] = { "1006", "the printer is not in fiscal mode", "drukarka nie jest w trybie fiskalnym" },
["1007"] = { "1007", "the VAT rates are not programmed", "nie zaprogramowano stawek PTU" },
["1008"] = { "1008", "the fiscal memory is full", "pamięć fiskalna jest pełna; wezwij serwis" },
["1009"] = { "1009", "checksum of the memory", "błąd sumy kontrolnej pamięci drukarki; wezwij serwis" },
["1010"] = { "1010", "checksum of the goods base", "błąd sumy kontrolnej bazy towarowej; wezwij serwis" },
["1011"] = { "1011", "checksum of the header", "błąd sumy kontrolnej nagłówka; wezwij serwis" },
["1012"] = { "1012", "checksum of the cashier's name", "błąd sumy kontrolnej nazwy kasjera; wezwij serwis" },
["1013"] = { "1013", "checksum of the register's number", "błąd sumy kontrolnej numeru kasy; wezwij serwis" },
["1014"] = { "1014", "an update failed", "nie powiodła się aktualizacja drukarki; wezwij serwis" },
["1015"] = { "1015", "the unique number is not programmed", "brak numeru unikatowego drukarki" },
["1016"] = { "1016", "no fiscal memory", "brak pamięci fiskalnej; wezwij serwis" },
["1017"] = { "1017", "no printing mechanism", "brak mechanizmu drukującego; wezwij serwis" },
["1018"] = { "1018", "no display", "brak wyświetlacza; wezwij serwis" },
["1019"] = { "1019", "the fiscal memory was exchanged", "wymieniono pamięć fiskalną; wezwij serwis" },
["1021"] = { "1021", "the device is read-only", "drukarka jest w trybie tylko do odczytu" },
["1022"] = { "1022", "the printer does not know this command", "błąd programu: drukarka nie zna tego polecenia" },
["1023"] = { "1023", "the command is not built as it should be", "błąd programu: błędne polecenie dla drukarki" },
["1024"] = { "1024", "the range of the report is not acceptable", "błędny zakres raportu" },
["1025"] = { "1025", "no data in this range", "brak danych w podanym zakresie" },
["1026"] = { "1026", "the receive buffer overflowed", "przepełniony bufor odbiorczy drukarki" },
["1027"] = { "1027", "the fiscal mode is not finished", "niezakończony tryb fiskalny" },
["1028"] = { "1028", "the fiscal memory is damaged", "uszkodzona pamięć fiskalna; wezwij serwis" },
["1029"] = { "1029", "a limit of the fiscal memory is exceeded", "przekroczony limit pamięci fiskalnej; wezwij serwis" },
["1030"] = { "1030", "the map of the fiscal memory is damaged", "uszkodzona mapa pamięci fiskalnej; wezwij serwis" },
["1031"] = { "1031", "the command does not belong to this mode", "polecenie niedozwolone w tym trybie" },
["1032"] = { "1032", "a wrong pointer of a frame", "błąd programu: błędny wskaźnik ramki" },
["1033"] = { "1033", "the fiscal memory is busy", "pamięć fiskalna jest zajęta" },
["1034"] = { "1034", "the printer is busy", "drukarka jest zajęta" },
["1037"] = { "1037", "no paper", "brak papieru" },
["1046"] = { "1046", "no data", "brak danych" },
["1054"] = { "1054", "no access", "brak dostępu" },
["1070"] = { "1070", "the graphics of the header failed", "błąd grafiki nagłówka" },
["1073"] = { "1073", "graphics could not be printed", "błąd wydruku grafiki" },
["1075"] = { "1075", "the graphics is not acceptable", "błędna grafika" },
["1076"] = { "1076", "this graphics is programmed already", "grafika jest już zaprogramowana" },
["1078"] = { "1078", "a transaction of the printer's database failed", "błąd bazy danych drukarki; wezwij serwis" },
["1079"] = { "1079", "the memory for advertisements is full", "pamięć reklam jest pełna" },
["1083"] = { "1083", "the advertisement is in use", "reklama jest używana" },
["1085"] = { "1085", "date or time does not match the last fiscal record", "data lub czas nie zgadza się z ostatnim zapisem w pamięci fiskalnej" },
["1086"] = { "1086", "fault of the printing service (older firmware: a daily report is overdue)", "błąd usługi drukowania lub brak zaległego raportu dobowego" },
["1088"] = { "1088", "no protected memory (older firmware: limit of memory resets)", "brak pamięci chronionej lub przekroczony limit zerowań pamięci; wezwij serwis" },
["1089"] = { "1089", "fault of the protected memory", "błąd pamięci chronionej; wezwij serwis" },
["1090"] = { "1090", "no room in the exchange file", "brak miejsca w pliku wymiany" },
["1091"] = { "1091", "fault of the table of contents", "błąd bazy spisu treści; wezwij serwis" },
["1092"] = { "1092", "there is nothing on the receipt", "brak pozycji na paragonie" },
["1093"] = { "1093", "fault of the process status", "błąd statusu procesu drukarki" },
["1094"] = { "1094", "the schedule is not set up", "błąd konfiguracji harmonogramu" },
["1095"] = { "1095", "fault of the fiscalisation", "błąd fiskalizacji" },
["1096"] = { "1096", "no connection to the security module", "błąd połączenia z modułem zabezpieczeń; wezwij serwis" },
["1097"] = { "1097", "a name could not be resolved", "błąd sieci drukarki (DNS)" },
["1098"] = { "1098", "the buyer's NIP is missing or not valid", "brak NIP nabywcy lub jest on błędny" },
["1099"] = { "1099", "the protected memory could not be written", "błąd zapisu pamięci chronionej; wezwij serwis" },
["1100"] = { "1100", "sale is blocked", "sprzedaż zablokowana" },
["1101"] = { "1101", "no data of the buyer", "brak danych nabywcy" },
["1102"] = { "1102", "the protected memory could not be read", "błąd dostępu do pamięci chronionej; wezwij serwis" },
["1103"] = { "1103", "no certificates", "brak certyfikatów drukarki" },
["1104"] = { "1104", "no name of the buyer", "brak nazwy nabywcy" },
["1105"] = { "1105", "checksum of the program", "błąd sumy kontrolnej programu drukarki; wezwij serwis" },
["1106"] = { "1106", "nothing to download", "nie ma czego pobrać" },
["1107"] = { "1107", "nothing to install", "nie ma czego zainstalować" },
["1108"] = { "1108", "no power supply", "brak zasilania drukarki; podłącz zasilacz" },
["1109"] = { "1109", "the number of the invoice is not acceptable", "błędny numer faktury" },
["1110"] = { "1110", "a certificate could not be written", "błąd zapisu certyfikatu" },
["1111"] = { "1111", "limit of memory resets reached", "przekroczony limit zerowań pamięci; wezwij serwis" },
["1112"] = { "1112", "the fiscalisation is finished", "fiskalizacja jest zakończona" },
["1113"] = { "1113", "the fiscalisation is not finished", "fiskalizacja nie jest zakończona" },
["1114"] = { "1114", "the fiscal memory could not be written", "błąd zapisu pamięci fiskalnej; wezwij serwis" },
["1115"] = { "1115", "a surcharge is forbidden", "narzut zabroniony" },
["1116"] = { "1116", "an overdue daily report must be made first", "najpierw trzeba wykonać zaległy raport dobowy" },
["1117"] = { "1117", "discounts and surcharges are forbidden", "rabat i narzut zabronione" },
["1118"] = { "1118", "too many items on the ticket", "za dużo pozycji na bilecie" },
["1119"] = { "1119", "a printout from the protected memory is open", "trwa wydruk z pamięci chronionej" },
["1120"] = { "1120", "no printout from the protected memory is open", "nie rozpoczęto wydruku z pamięci chronionej" },
["1500"] = { "1500", "the index of the spare is not acceptable", "błędny indeks" },
["1501"] = { "1501", "the memory is full", "pamięć drukarki jest pełna" },
["1502"] = { "1502", "a verification failed", "błąd weryfikacji" },
["1503"] = { "1503", "the change of the server is blocked", "zmiana serwera jest zablokowana" },
["1504"] = { "1504", "electronic receipts are not active", "e-paragony nie są aktywne" },
["1505"] = { "1505", "checksum of the fiscal memory's program", "błąd sumy kontrolnej programu pamięci fiskalnej; wezwij serwis" },
["1506"] = { "1506", "unknown VAT rate", "nieznana stawka PTU" },
["1507"] = { "1507", "the number of the car is not acceptable", "błędny numer boczny" },
["1508"] = { "1508", "the name of the stop is not acceptable", "błędna nazwa przystanku" },
["1509"] = { "1509", "date or time is not acceptable", "błędna data lub czas" },
["1510"] = { "1510", "the voltage is not right", "błędne napięcie zasilania drukarki" },
["1511"] = { "1511", "no connection", "błąd połączenia" },
["1512"] = { "1512", "the temperature is not right", "niewłaściwa temperatura drukarki" },
["1513"] = { "1513", "an additional line is too long", "za długa linia dodatkowa" },
["1514"] = { "1514", "the relief is not acceptable", "błędna ulga" },
["1515"] = { "1515", "a refund is forbidden", "zwrot zabroniony" },
["1516"] = { "1516", "an invoice is open already", "faktura jest już rozpoczęta" },
["1517"] = { "1517", "the pharmacy is blocked", "tryb apteczny jest zablokowany" },
["1518"] = { "1518", "the ticket is blocked", "bilet jest zablokowany" },
["1519"] = { "1519", "the printer is not fiscalised", "drukarka jest w trybie niefiskalnym" },
["1520"] = { "1520", "there is no daily report", "brak raportu dobowego" },
["1521"] = { "1521", "the transaction's id has a wrong length", "błędna długość identyfikatora transakcji" },
["1522"] = { "1522", "the transaction's id is not a number", "identyfikator transakcji nie jest liczbą" },
["1523"] = { "1523", "checksum of the transaction's id", "błędna suma kontrolna identyfikatora transakcji" },
["1524"] = { "1524", "the document was not found", "nie znaleziono dokumentu" },
["1525"] = { "1525", "it could not be deleted", "błąd usuwania" },
["9999"] = { "9999", "critical fault", "błąd krytyczny drukarki; wezwij serwis" },
["10"] = { "10", "the clock may not be changed so far", "niedozwolona zmiana zegara drukarki" },
["14"] = { "14", "no header goes into the memory of a fiscalised device", "błąd zapisu nagłówka drukarki" },
["24"] = { "24", "the printer's buffer overflowed", "przepełniony bufor drukarki" },
["29"] = { "29", "no receipt is open that could be closed", "nie ma rozpoczętego paragonu" },
["31"] = { "31", "too much cash in the drawer; its state is now the amount sent", "za duży stan kasy" },
["33"] = { "33", "the text of shift or cashier is not acceptable", "błędna nazwa zmiany lub kasjera" },
["36"] = { "36", "a report of this date exists already, and there is nothing new to report", "raport dobowy z tą datą już wykonano" },
["37"] = { "37", "a person broke it off on the keypad", "czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany" },
["39"] = { "39", "goods base: the rate is not acceptable", "błędna stawka PTU towaru" },
["41"] = { "41", "card slip: number of the register", "błędny numer kasy na potwierdzeniu płatności kartą" },
["42"] = { "42", "card slip: number of the cashier", "błędny numer kasjera na potwierdzeniu płatności kartą" },
["43"] = { "43", "card slip: number of the receipt", "błędny numer paragonu na potwierdzeniu płatności kartą" },
["44"] = { "44", "card slip: customer", "błędny kontrahent na potwierdzeniu płatności kartą" },
["45"] = { "45", "card slip: terminal", "błędny terminal na potwierdzeniu płatności kartą" },
["46"] = { "46", "card slip: name of the card", "błędna nazwa karty" },
["47"] = { "47", "card slip: number of the card", "błędny numer karty" },
["48"] = { "48", "card slip: month of validity", "błędny miesiąc ważności karty" },
["49"] = { "49", "card slip: year of validity", "błędny rok ważności karty" },
["50"] = { "50", "card slip: authorisation code", "błędny kod autoryzacji karty" },
["55"] = { "55", "the drug has no description", "brak opisu leku" },
["1001"] = { "1001", "the memory is damaged", "uszkodzona pamięć RAM drukarki; wezwij serwis" },
["1020"] = { "1020", "the same VAT rates are programmed already", "takie stawki PTU są już zaprogramowane" },
["1038"] = { "1038", "electronic copy: it could not be written", "błąd zapisu kopii elektronicznej" },
["1039"] = { "1039", "electronic copy: the card could not be installed", "błąd instalacji karty kopii elektronicznej" },
["1040"] = { "1040", "electronic copy: the card is closed", "karta kopii elektronicznej jest zamknięta" },
["1041"] = { "1041", "electronic copy: its check failed", "błąd weryfikacji kopii elektronicznej" },
["1042"] = { "1042", "electronic copy: its cache is full", "pamięć podręczna kopii elektronicznej jest pełna" },
["1043"] = { "1043", "electronic copy: not saved", "nie zapisano kopii elektronicznej" },
["1044"] = { "1044", "electronic copy: it could not be printed", "błąd wydruku kopii elektronicznej" },
["1045"] = { "1045", "electronic copy: no card", "brak karty kopii elektronicznej" },
["1047"] = { "1047", "electronic copy: the card is not ready", "karta kopii elektronicznej nie jest gotowa" },
["1048"] = { "1048", "electronic copy: the card could not be closed", "błąd zamknięcia karty kopii elektronicznej" },
["1049"] = { "1049", "electronic copy: the card could not be opened", "błąd otwarcia karty kopii elektronicznej" },
["1050"] = { "1050", "electronic copy: its file id.txt", "błąd pliku id.txt kopii elektronicznej" },
["1051"] = { "1051", "electronic copy: its file no.txt", "błąd pliku no.txt kopii elektronicznej" },
["1052"] = { "1052", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1053"] = { "1053", "electronic copy: its password", "błędne hasło kopii elektronicznej" },
["1055"] = { "1055", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1056"] = { "1056", "electronic copy: its cache", "błąd pamięci podręcznej kopii elektronicznej" },
["1057"] = { "1057", "electronic copy: its base of cards", "błąd bazy kart kopii elektronicznej" },
["1058"] = { "1058", "electronic copy: its base of files", "błąd bazy plików kopii elektronicznej" },
["1059"] = { "1059", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1060"] = { "1060", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1061"] = { "1061", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1062"] = { "1062", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1063"] = { "1063", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1064"] = { "1064", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1065"] = { "1065", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1066"] = { "1066", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1067"] = { "1067", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1068"] = { "1068", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1069"] = { "1069", "electronic copy: fault of its memory", "błąd pamięci kopii elektronicznej" },
["1071"] = { "1071", "the month is not finished", "miesiąc nie jest zakończony" },
["1072"] = { "1072", "data of a device that is not supported", "dane nieobsługiwanego urządzenia" },
["1074"] = { "1074", "the graphics of the printout is not acceptable", "błędna grafika wydruku" },
["1084"] = { "1084", "this version of the program is forbidden", "niedozwolona wersja programu drukarki; wezwij serwis" },
["1087"] = { "1087", "fault of the file system", "błąd systemu plików drukarki; wezwij serwis" },
}
local STARTS = { "^GET /", "^POST /", "^PUT /", "^PATCH /", "^DELETE /", "^HTTP/1%.[01] %d%d%d" }

local function starts(data, at)
    for _, pattern in ipairs(STARTS) do
        if data:sub(at, at + 16):find(pattern) then
            return true
        end
    end
    return false
end

local function next_start(data, at)
    while at <= #data do
        if starts(data, at) then
            return at
        end
        at = at + 1
    end
    return nil
end

local function header(head, name)
    for line in head:gmatch("\r\n([^\r\n]+)") do
        local key, value = line:match("^([%w-]+)[ \t]*:[ \t]*(.*)$")
        if key and key:lower() == name then
            return value
        end
    end
    return nil
end

local function chunks_end(data, at)
    while true do
        local first, last, size = data:find("^(%x+)[^\r\n]*\r\n", at)
        if not first then
            return nil
        end
        at = last + 1 + tonumber(size, 16) + 2
        if at > #data + 1 then
            return nil
        elseif tonumber(size, 16) == 0 then
            return at - 1
        end
    end
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local stop
        if not starts(data, at) then
            stop = (next_start(data, at + 1) or #data + 1) - 1
        else
            local _, head = data:find("\r\n\r\n", at, true)
            if not head then
                break
            end
            local text = data:sub(at, head)
            local length = tonumber(header(text, "content-length") or "")
            local status = tonumber(text:match("^HTTP/1%.[01] (%d%d%d)") or "")
            if (header(text, "transfer-encoding") or ""):lower():find("chunked", 1, true) then
                stop = chunks_end(data, head + 1)
            elseif length then
                stop = head + length
            elseif not status or status < 200 or status == 204 or status == 304 then
                stop = head
            else
                stop = #data
            end
            if not stop or stop > #data then
                break
            end
        end
        pieces[#pieces + 1] = { first = at, last = stop }
        at = stop + 1
    end
    return pieces, at
end

function family.parse(bytes)
    local frame = { fields = {} }
    local method, path = bytes:match("^(%u+) (/%S*) HTTP/1")
    local status = bytes:match("^HTTP/1%.[01] (%d%d%d)")
    local _, head = bytes:find("\r\n\r\n", 1, true)
    if not head or not (method or status) then
        frame.damage = "bytes outside of a message"
        return frame
    end
    local body = bytes:sub(head + 1)
    if method then
        local place = path:gsub("^/api/v1/?", ""):gsub("%?.*$", ""):match("^[^/]*")
        frame.name = place == "" and method or (method .. " " .. place)
    else
        frame.name = "HTTP " .. status
        local number = body:match('"exception"%s*:%s*{[^}]-"code"%s*:%s*(%d+)')
        if number then
            frame.error = "exception " .. number
        else
            frame.error = body:match('"error"%s*:%s*{[^}]-"code"%s*:%s*(%d+)')
        end
    end
    if #body > 0 then
        frame.fields[1] = { name = "body", first = head + 1, last = #bytes }
    end
    return frame
end
end

local fields = {}
for _, field in pairs(f) do
    fields[#fields + 1] = field
end
for _, family in pairs(families) do
    for _, word in pairs(family.words) do
        for _, field in pairs(word.fields) do
            fields[#fields + 1] = field
        end
    end
    for _, field in pairs(family.common) do
        fields[#fields + 1] = field
    end
end
fiscald.fields = fields

local rests, pieces = {}, {}

function fiscald.init()
    rests, pieces = {}, {}
end

-- The pieces that this packet ends, with what they began with in earlier ones.
local function finished(family, stream, data, sent)
    local rest = rests[stream] or ""
    local found, at = family.cut(rest .. data, sent)
    local list = {}
    for _, piece in ipairs(found) do
        -- Pieces inside an unfinished piece were shown when they came.
        if not piece.inside or piece.last > #rest then
            list[#list + 1] = { bytes = (rest .. data):sub(piece.first, piece.last), offset = piece.first - 1 - #rest }
        end
    end
    rests[stream] = (rest .. data):sub(at)
    return list
end

local function unknown_error(key)
    local number = key:match("%S*$")
    return { key, "unknown error number " .. number, "nieznany błąd drukarki " .. number }
end

local function show(family, piece, payload, tree, info, sent)
    local range
    if piece.offset >= 0 then
        range = payload(piece.offset, #piece.bytes)
    else
        range = ByteArray.new(piece.bytes, true):tvb("Frame over several packets")()
    end
    local page = pages[fiscald.prefs.code_page] or pages[family.code_page]
    local frame = family.parse(piece.bytes, sent)
    local word = family.words[frame.name]
    local branch = tree:add(f.frame, range)
    local line = frame.name or "?"
    if frame.name then
        branch:add(f.command, range, frame.name)
    end
    if word then
        branch:add(f.meaning, range, word.meaning):set_generated()
        line = line .. ": " .. word.meaning
    end
    branch:set_text(line)
    info[#info + 1] = frame.name or "?"
    if frame.damage then
        branch:add(f.damage, range, frame.damage):set_generated()
        branch:add_proto_expert_info(damaged, frame.damage)
        info[#info + 1] = "(damaged: " .. frame.damage .. ")"
    end
    for _, field in ipairs(frame.fields) do
        local known = word and word.fields[field.name] or family.common[field.name] or f.unknown
        local text = (field.text or piece.bytes:sub(field.first, field.last)):gsub("[\128-\255]", page)
        local place = range(field.first - 1, field.last - field.first + 1)
        branch:add(known, place, text):append_text(" (" .. field.name .. ")")
        info[#info + 1] = field.name .. "=" .. text
    end
    if frame.error then
        local known = family.errors[frame.error] or unknown_error(frame.error)
        branch:add(f.error, range, known[1]):set_generated()
        branch:add(f.error_text, range, known[2]):set_generated()
        branch:add(f.error_pl, range, known[3]):set_generated()
        branch:add_proto_expert_info(refused, known[2])
        info[#info + 1] = "(" .. known[2] .. ")"
    end
end

function fiscald.dissector(buffer, pinfo, tree)
    local length = buffer:len()
    if length < 5 or buffer(0, 1):uint() ~= 1 then
        return 0
    end
    local names = buffer(3, 1):uint() + buffer(4, 1):uint()
    if length < 5 + names then
        return 0
    end
    local direction, event = buffer(1, 1):uint(), buffer(2, 1):uint()
    local family_name = buffer(5, buffer(3, 1):uint())
    local printer = buffer(5 + buffer(3, 1):uint(), buffer(4, 1):uint())
    local branch = tree:add(fiscald, buffer())
    branch:add(f.version, buffer(0, 1))
    -- 4 more: a program at a gateway, which is a printer for it.
    local side = direction >= 4 and "program" or "printer"
    direction = direction % 4
    branch:add(f.direction, buffer(1, 1), direction)
    branch:add(f.side, buffer(1, 1), side):set_generated()
    branch:add(f.event, buffer(2, 1))
    branch:add(f.family, family_name)
    branch:add(f.printer, printer)
    pinfo.cols.protocol = family_name:string()
    local info = { DIRECTIONS[direction] or "?" }
    if side == "program" then
        table.insert(info, 1, side)
    end
    local line = printer:string() .. " " .. side
    local stream = line .. direction
    if event ~= 0 then
        info[#info + 1] = EVENTS[event] or "?"
        if length > 5 + names then
            branch:add(f.note, buffer(5 + names))
            info[#info + 1] = buffer(5 + names):string()
        end
        if not pinfo.visited then
            rests[line .. 1], rests[line .. 2] = nil, nil
        end
    elseif length > 5 + names then
        local family, payload = families[family_name:string()], buffer(5 + names)
        if not family then
            branch:add(f.frame, payload)
        else
            if not pieces[pinfo.number] then
                pieces[pinfo.number] = finished(family, stream, payload:bytes():raw(), direction == 1)
            end
            for _, piece in ipairs(pieces[pinfo.number]) do
                show(family, piece, payload, branch, info, direction == 1)
            end
            if #pieces[pinfo.number] == 0 then
                info[#info + 1] = "(goes on)"
            end
        end
    end
    pinfo.cols.info = table.concat(info, " ")
    return length
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, fiscald)
