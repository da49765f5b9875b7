"""Classes of characters, as they stand between the brackets of a pattern."""

LATIN, NEUTRAL = "\ue000", "\ue001"  # private ones: see `inline.visible`
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f々〇"
WIDE = "，。、；：？！（）「」『』《》【】"
LETTER = "A-Za-zÀ-ÖØ-öø-ɏ"
SOLID = rf"{LETTER}0-9²³¹Ͱ-Ͽ\u2070-\u209c{LATIN}"
INK = rf"[^\s{NEUTRAL}]"

DOUBLE_SPACE = rf"(?<={INK})[ \t]{{2,}}(?={INK})"
