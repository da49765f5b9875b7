import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlnotes.book.typography import check, check_en, join_han

CHINESE = r"""---
title: 线性回归
description: 从数据里学出一条直线：均方误差、正规方程与梯度下降，再看 PyTorch 怎么做。
concepts: [linear-regression,mse]
---

# 线性回归（linear regression）{#linear-regression}

一条直线能说清多少事？
设想有 100 间房，每间的面积 $x$ 与价格 $y$ 都已知；我们要找 $w$ 和 $b$，使 $\hat y = wx + b$ 尽量接近 $y$。
“尽量接近”是什么意思？
**损失函数**（loss function）给出答案：它把误差变成一个数——越小越好。
学习率 η 取 0.1 时，第 3 轮之后损失降到 [[linear_regression.loss:.3f]]，比起初小 95%；慢，但稳。
见[感知机](perceptron.md#rule)一章，也可看 [PyTorch 的文档](https://pytorch.org/docs)。
`fit` 返回权重与偏置，`torch.nn.Linear` 也是如此……
《统计学习方法》里讲过“正规方程”，其解为 $w = (X^\top X)^{-1} X^\top y$。
他说：“这不可能！”她答：「为什么？」
取 $w_1$、$w_2$，则误差 $\le 0.5$；**注意**：`w`、`b` 都要更新（*一起*更新）。
**词**、**权重 $w$** 和 *偏置* 都是参数；**`Adam`** 也有两个动量参数 β₁、β₂。

- **小批量**：每次取 32 个样本。
- *学习率*：步长（见下文）。
-   Adam、SGD 与 `RMSProp`：三种优化器。
- （可选）读者可以跳过。
* “引号”打头也行。
1. 先算梯度；
2. 再走一步，
   走到头。

> 引用一句：“够好就行。”
> （某人）

输入/输出的形状是 $(B, T)$，也就是 28 × 28 的图；T恤和衬衫最难分。
这叫 A/B 测试，用的是 3D 图，准确率 97.3%，用时 5 s，学习率从 10⁻³ 到 10⁻¹。
按 Rosenblatt (1958) 的说法，感知机会学习[^1]。
按 <kbd>Ctrl</kbd> 键，价格 \$5。时间是 12:30，比例为 1:2；用 C++ 写的 F# 编译器。
运行 `dlnotes check`，得到 "ok" 就好；选项 --strict 也可以。
:material-download: 下载程序，或看 ![图中一条直线](plot.svg) 这张图。{.wide}
求和 $\sum_{i=1}^n$，$n$ 是样本数；其中 $n=100$。
这里有个硬换行，  
下一行接着说。

| 方法 | 误差（均值） | 备注 |
|:-----|--:|:--|
| 正规方程 | [[a.b:.2f]]  | （略） |
| SGD      | 0.1 | 快，但 *不准* |

@figure linear_regression#fit 直线 $y = wx + b$ 与 100 个点；`w` 取 2。

@source dlnotes.linear.fit mark="w -= rate" 一步更新。

!!! warning "学习率太大，会发散"

    损失一路变大，直到 `nan`。

??? success "解答"

    @run linear_regression#solution-1

```python
x = "汉字"...  # 注释,随便(写)
```

<div class="grid">
随便,写
</div>

[^1]: Rosenblatt, F. (1958). *The perceptron: a probabilistic model*. Psychological Review, 65(6), 386–408.
"""

ENGLISH = """---
title: Linear regression
description: A line, learned from data.
---

# Linear regression {#linear-regression}

How much can a line say—and to whom?
The price is \\$5; the loss, [[a.b:.2f]], is “small” (see `x --y`  and $a$).
Run it with --scale full, e.g. twice... 3 × 4 is 12.
The Chinese for it is 感知机, or “学而时习之，不亦说乎”.

| method   | error |
|----------|------:|
| normal   | 1     |

-   An item.
1.  Another.

```
a  b -- c，d
```

---
"""


def faults(text):
    return [str(error) for error in check(text, "zh.md")]


def test_good_chinese_is_left_alone():
    assert faults(CHINESE) == []


MISSING = "missing space between Han and Latin"
HALF = "half-width punctuation beside Han"
PARENTHESIS = "half-width parenthesis beside Han"
QUOTE = "straight quote beside Han"
DOTS = "dots instead of ……"
WIDE = "space beside full-width punctuation"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("学习率η", MISSING),
        ("共100", MISSING),
        ("Adam的", MISSING),
        ("5%的", MISSING),
        ("C++的", MISSING),
        ("函数`fit`", MISSING),
        ("`fit`函数", MISSING),
        ("权重$w$", MISSING),
        ("$w$是", MISSING),
        ("误差[[a.b:.2f]]", MISSING),
        ("[[a.b]]轮", MISSING),
        ("**词**Adam", MISSING),
        ("**Adam**是", MISSING),
        ("见[感知机](a.md)A", MISSING),
        ("见[`f`](a.md)", MISSING),
        ("<https://x.org>是", MISSING),
        ("β₁是", MISSING),
        ("好,", HALF),
        ("好.", HALF),
        ("注:", HALF),
        ("吗?", HALF),
        ("**注意**:", HALF),
        ("（好）,", HALF),
        ("Adam,然后", HALF),
        ("感知机(perceptron)", PARENTHESIS),
        ("感知机 (perceptron)", PARENTHESIS),
        ("(好", PARENTHESIS),
        ("f (x)是", PARENTHESIS),
        ('说"', QUOTE),
        ('"好', QUOTE),
        ("'好", QUOTE),
        ('。"', QUOTE),
        ("等等...", DOTS),
        ("等等。。。", DOTS),
        ("... 好", DOTS),
        ("好--", "-- beside Han instead of ——"),
        ("好 ，", WIDE),
        ("好， 坏", WIDE),
        ("Adam ，", WIDE),
        ("， Adam", WIDE),
        ("**注意：** 好", WIDE),
        ("好 ——坏", WIDE),
        ("好 “坏", WIDE),
        ("好  坏", "double space"),
        ("Adam  SGD", "double space"),
        ("- 好  坏", "double space"),
    ],
)
def test_faults_are_found_wherever_text_stands(text, message):
    for line, page in (
        (1, text),
        (2, f"一行。\n{text}"),
        (1, f"# {text} {{#a}}"),
        (1, f"@figure a#b {text}"),
        (3, f"| 甲 |\n|---|\n| {text} |"),
        (3, f"- 一项，\n\n  {text}\n"),
    ):
        found = faults(page)
        assert found
        assert found[0].startswith(f"zh.md:{line}: {message}: ")


def test_messages_quote_the_place():
    text = "前面有很长很长很长很长的一段话，其中学习率$\\eta$太大，后面还有很长的一段。"
    assert (
        faults(text)
        == [
            f"zh.md:1: {MISSING}: 很长的一段话，其中学习率$\\eta$太大，",
            f"zh.md:1: {MISSING}: 话，其中学习率$\\eta$太大，后面还",
        ]
        or len(faults(text)) == 2
    )


def test_titles_and_front_matter():
    page = '---\ntitle: 感知机perceptron\ndescription: 好,坏\n---\n\n!!! note "题,目"\n'
    assert faults(page) == [
        f"zh.md:2: {MISSING}: 感知机perceptron",
        f"zh.md:3: {HALF}: 好,坏",
        f"zh.md:6: {HALF}: 题,目",
    ]


def test_bad_front_matter_is_an_error_not_a_crash():
    (found,) = faults("---\ntitle: [\n---\n")
    assert found.startswith("zh.md:3: front matter is not YAML: ")


@given(
    st.text()
    | st.lists(st.sampled_from('字，,.(）"a1 *`$[]\n|-'), max_size=30).map("".join)
)
def test_checks_take_any_text(text):
    last = text.count("\n") + 1
    for error in [*check(text, "p"), *check_en(text, "p")]:
        assert 1 <= error.line <= last


def test_good_english_is_left_alone():
    assert check_en(ENGLISH, "en.md") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("So， what", "full-width punctuation in English: So， what"),
        ("(like this）", "full-width punctuation in English"),
        ("a\u3000b", "full-width punctuation in English"),
        ("End.  Next", "double space: End.  Next"),
        ("a -- b", "-- instead of a dash: a -- b"),
        ("a--b", "-- instead of a dash"),
    ],
)
def test_faults_of_english(text, message):
    (found,) = check_en(f"Good.\n{text}\n", "en.md")
    assert str(found).startswith(f"en.md:2: {message}")


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("一。\n二", "一。二"),
        ("一\n  二", "一二"),
        ("一。\n**二**", "一。**二**"),
        ("**一**\n**二**", "**一****二**"),
        ("[一](a.md)\n[二](b.md)", "[一](a.md)[二](b.md)"),
        ("一。\n“二”\n三", "一。“二”三"),
        ("一。\nAdam 是", "一。Adam 是"),
        ("一，\n$x$ 是", "一，$x$ 是"),
        ("一，\n`f` 是", "一，`f` 是"),
        ("一，\n[[a.b]] 个", "一，[[a.b]] 个"),
        ("Adam\n，二", "Adam，二"),
        ("一。\n\x02stash:0\x03\n，二", "一。\x02stash:0\x03，二"),
        ("一……\n二——\n三", "一……二——三"),
        ("一 \n二", "一二"),
        ("一。\n二。\n三。\n", "一。二。三。\n"),
    ],
)
def test_lines_are_joined(text, joined):
    assert join_han(text) == joined


@pytest.mark.parametrize(
    "text",
    [
        "一\nAdam",
        "Adam\n一",
        "`f`\n一",
        "一\n$x$",
        "one\ntwo",
        "One.\nTwo.",
        "一。\n\n二",
        "一。  \n二",
        "一。\\\n二",
        "一。\n- 二",
        "一。\n* 二",
        "一。\n1. 二",
        "一。\n[^1]: 二",
        "一。\n[a]: b.md",
        "一。\n| 二 |",
        "一。\n> 二",
        "# 一 {#a}\n二",
        "`一\n二`",
        "$\\text{一\n二}$",
    ],
)
def test_lines_stay(text):
    assert join_han(text) == text


scraps = st.sampled_from([*"字，。“”a1 *`$[]()|-", "\n", "\n", "  ", "](a)", "[^1]"])


@given(st.lists(scraps, max_size=30).map("".join) | st.text())
def test_joining_takes_only_white_space_away(text):
    joined = join_han(text)
    assert "".join(joined.split()) == "".join(text.split())
    assert joined.count("\n\n") == text.count("\n\n")


@given(st.text("字，。“”—", min_size=1), st.text("字，。“”—", min_size=1))
def test_no_line_end_stays_between_wide_characters(one, two):
    assert join_han(f"{one}\n{two}") == one + two
