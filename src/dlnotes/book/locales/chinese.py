"""Chinese in simplified characters."""

import re

from dlnotes.book.locales.characters import DOUBLE_SPACE, HAN, INK, SOLID, WIDE
from dlnotes.book.locales.language import Language, Words

WORDS = Words(
    run_of="运行自",
    measured_by="测量自",
    run_page="运行页",
    one_file="单文件，无需 dlnotes",
    runs=("程序", "秒", "内存峰值", "下载"),
    ran_in="运行用时 {seconds:.2f} 秒",
    peak_memory="内存峰值 {size:.0f} MiB",
    used_in="用到这次运行的章节：",
    unused="没有章节用到这次运行。",
    figure="{name} 的第 {number} 幅图",
    setup_title="怎样运行本章的代码",
    setup_copy="每段代码有两种复制方式。连同所需的代码一起复制（程序里前面的各个单元，"
    "或者函数用到的导入语句），粘贴到哪里都能运行；只复制这一段，则要在那些代码之后运行。"
    "代码会导入本书的软件包 `dlnotes`，请像下面这样从本书的仓库安装："
    "Python 软件包索引（PyPI）上的同名软件包属于另一个项目。",
    setup_whole="本章的每个程序都照最后一行那样运行。"
    "各行链接中的最后一个是单文件程序，不需要 `dlnotes`。",
    setup_imports="这些程序的全部导入语句：",
    setup_differ="没有列出的名字，在各个程序里所指不同：{}。",
    program_origin="snippets/{name}.py 的单文件版，无需 dlnotes。",
    program_needs="需要：pip install {needs}",
    program_begins="用到的本书代码从第 {line} 行开始。",
    program_library="用到的本书代码。",
    install="本书的代码包；包索引上同名的是另一个项目。",
    term_link="本条链接",
    bases="基类：",
)
PATTERNS = {
    "missing space between Han and Latin": (
        rf"[{HAN}](?=[{SOLID}])|[{SOLID}][%‰°+#]*(?=[{HAN}])"
    ),
    "dots instead of ……": (
        rf"(?<=[{HAN}{WIDE}])[ ]?(?:\.{{3,}}|。。+)|\.{{3,}}(?=[ ]?[{HAN}{WIDE}])"
    ),
    "half-width punctuation beside Han": (
        rf"(?<=[{HAN}）」』》】”])(?:[,;:?!]|\.(?!\.))|[,;:?!](?=[{HAN}])"
    ),
    "half-width parenthesis beside Han": (
        rf"(?<=[{HAN}])[ ]?\(|\((?=[{HAN}])|(?<=[{HAN}])\)|\)(?=[{HAN}])"
    ),
    "straight quote beside Han": (rf"""(?<=[{HAN}{WIDE}])["']|["'](?=[{HAN}{WIDE}])"""),
    "-- beside Han instead of ——": rf"(?<=[{HAN}])--+|--+(?=[{HAN}])",
    "space beside full-width punctuation": (
        rf"(?<={INK})[ \t]+(?=[{WIDE}])|(?<=[{WIDE}])[ \t]+(?={INK})"
        rf"|(?<=[{HAN}])[ \t]+(?=——|……)|(?<=——|……)[ \t]+(?=[{HAN}])"
        rf"|(?<=[{HAN}])[ \t]+(?=“[{HAN}])|(?<=[{HAN}]”)[ \t]+(?=[{HAN}])"
    ),
    "citation not as （Lee 等人，2016）": (
        r"(?<=[A-Za-z人])[ ](?=(?:1[89]|20)\d\d(?:[；，][^（）]*)?）)"
        r"|(?<=[A-Za-z] )等(?=，(?:1[89]|20)\d\d)"
    ),
    "double space": DOUBLE_SPACE,
}


def by_pinyin(name: str) -> bytes:
    """Sort common characters by pinyin, as their old national code does."""
    return name.encode("gb18030")


CHINESE = Language(
    code="zh",
    tag="zh-Hans",
    name="Chinese",
    comma="、",
    spaced=False,
    endings=(),
    sort_key=by_pinyin,
    typography={text: re.compile(pattern) for text, pattern in PATTERNS.items()},
    words=WORDS,
)
