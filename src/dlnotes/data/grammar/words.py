"""Nouns and adjectives of the grammar, and the phrases made of them."""

from typing import NamedTuple

Bilingual = tuple[str, str]  # in English, in Chinese

# one, many, Chinese, measure word, and the adjectives that go with it; an
# old thing is 旧 unless another word is given
NOUNS = """
book books 书 本 new old interesting
novel novels 小说 本 new interesting
letter letters 信 封
ticket tickets 票 张
film films 电影 部 new old=老 interesting
hat hats 帽子 顶 red white black blue new old beautiful expensive
coat coats 大衣 件 red black blue new old beautiful expensive
shirt shirts 衬衫 件 white blue black new old cheap
dress dresses 裙子 条 red white blue new beautiful expensive
umbrella umbrellas 雨伞 把 red black blue new old big
bag bags 包 个 new old big small expensive
box boxes 箱子 个 big small old
key keys 钥匙 把 old small
pen pens 笔 支 red black blue new old expensive
watch watches 手表 块 new old expensive beautiful
phone phones 手机 部 new old expensive cheap
bicycle bicycles 自行车 辆 red blue new old cheap
car cars 车 辆 red white blue new old expensive
house houses 房子 座 big small new old white beautiful
table tables 桌子 张 big small new old
chair chairs 椅子 把 new old
flower flowers 花 朵 red white beautiful
cat cats 猫 只 black white small old=老 beautiful
dog dogs 狗 条 black white big small old=老
bird birds 鸟 只 small white beautiful
horse horses 马 匹 white black old=老 beautiful
fish fish 鱼 条 big small
apple apples 苹果 个 red big
piece_of_cake pieces_of_cake 蛋糕 块
piece_of_bread pieces_of_bread 面包 块
bowl_of_noodles bowls_of_noodles 面条 碗
cup_of_tea cups_of_tea 茶 杯
cup_of_coffee cups_of_coffee 咖啡 杯
glass_of_milk glasses_of_milk 牛奶 杯
glass_of_water glasses_of_water 水 杯
bottle_of_juice bottles_of_juice 果汁 瓶
"""
ADJECTIVES = {
    "red": "红",
    "white": "白",
    "black": "黑",
    "blue": "蓝",
    "new": "新",
    "old": "旧",
    "big": "大",
    "small": "小",
    "beautiful": "漂亮的",
    "interesting": "有趣的",
    "expensive": "昂贵的",
    "cheap": "便宜的",
}
NUMBERS = (("two", "两"), ("three", "三"), ("four", "四"), ("five", "五"))


class Words(NamedTuple):
    """The same words in English and in Chinese.

    `loose` is the Chinese after a negation, and without an adjective in
    some questions, where 一顶 of 一顶帽子 goes.
    """

    en: str
    zh: str
    loose: str


class Noun(NamedTuple):
    """A noun, its measure word, and its phrases by their kind."""

    one: str
    zh: str
    measure: str
    phrases: dict[str, list[Words]]


def _article(noun: str) -> str:
    """Put "a" or "an" before a noun."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _read_noun(line: str) -> Noun:
    """Return the noun that a line of the table describes."""
    one, many, zh, measure, *adjectives = line.split()
    plain: list[tuple[str, str]] = [("", "")] * max(1, len(adjectives) // 2)
    for adjective in adjectives:
        en, _, special = adjective.partition("=")
        plain.append((f"{en} ", special or ADJECTIVES[en]))
    phrases: dict[str, list[Words]] = {}
    for en, prefix in plain:
        n, short = prefix + zh, prefix.removesuffix("的")
        for kind, words in _described(one, many, en, n, measure):
            phrases.setdefault(kind, []).append(words)
        predicate = Words(en.strip(), short, prefix)
        phrases.setdefault("adjective", []).append(predicate)
        a = phrases["a"][-1]
        a = a if en else a._replace(zh=a.loose)
        phrases.setdefault("loose", []).append(a)
    phrases["plain"] = phrases["bare"][:1]
    return Noun(one.replace("_", " "), zh, measure, phrases)


def _described(
    one: str, many: str, adjective: str, zh: str, measure: str
) -> list[tuple[str, Words]]:
    """Return the phrases of a noun with an adjective, and their kinds."""
    container, _, content = one.rpartition("_of_")
    several = many.rpartition("_of_")[0]
    if container:
        a = _article(f"{container} of {adjective}{content}")
        more = f"{several} of {adjective}{content}"
        single = plural = adjective + content
    else:
        a = _article(adjective + one)
        single, plural = adjective + one, adjective + many
        more = plural
    found = [
        ("a", Words(a, f"一{measure}{zh}", zh)),
        ("bare", Words(plural, zh, zh)),
        ("noun", Words(single, zh, zh)),
        ("many", Words(more, measure + zh, zh)),
    ]
    for number, character in NUMBERS:
        counted = f"{character}{measure}{zh}"
        found.append(("count", Words(f"{number} {more}", counted, counted)))
    if adjective:
        found.append(("described", found[0][1]))
    if container.endswith("pair"):
        definite = f"那{measure}{zh}"
        found.append(("the", Words(f"the {single}", definite, definite)))
    if not container:
        for en, character in (("the", "那"), ("this", "这"), ("that", "那")):
            definite = f"{character}{measure}{zh}"
            found.append((en, Words(f"{en} {single}", definite, definite)))
    return found


THINGS = {
    line.split()[0]: _read_noun(line) for line in NOUNS.strip().splitlines()
}
