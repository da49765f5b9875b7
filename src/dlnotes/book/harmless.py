"""What lies outside the package and is known to do nothing but return a value."""


def _words(prefix: str, text: str) -> set[str]:
    return {f"{prefix}{word}" for word in text.split()}


# What keeps a function or class that it is given, and does not call it.
HOLDERS = {
    *_words("builtins.", "classmethod dict frozenset list property set staticmethod"),
    "builtins.tuple",
    "collections.OrderedDict",
    "collections.defaultdict",
    "dataclasses.field",
    "functools.cached_property",
    "functools.partial",
    "types.MappingProxyType",
}
FUNCTIONS = HOLDERS | _words(
    "builtins.",
    """
    abs all any bool bytes chr complex divmod enumerate filter float format hash int
    isinstance issubclass len map max min object ord pow range repr reversed round slice
    sorted str sum zip
    bytes.fromhex dict.fromkeys float.fromhex int.from_bytes str.maketrans
    """,
)
MODULES = (
    "abc",
    "cmath",
    "collections",
    "contextvars.ContextVar",
    "dataclasses.field",
    "datetime",
    "decimal.Decimal",
    "enum.auto",
    "fractions",
    "functools.partial",
    "itertools",
    "logging.getLogger",
    "math",
    "numpy",
    "operator",
    "os.environ.get",
    "os.getenv",
    "os.path",
    "pathlib",
    "re",
    "string",
    "struct",
    "sysconfig",
    "threading",
    "torch.Generator",
    "torch.Size",
    "torch.arange",
    "torch.device",
    "torch.eye",
    "torch.finfo",
    "torch.full",
    "torch.iinfo",
    "torch.linspace",
    "torch.ones",
    "torch.tensor",
    "torch.zeros",
    "types",
    "typing",
    "weakref",
)
ACTING = (
    "numpy.random",
    "numpy.save",
    "numpy.savetxt",
    "numpy.savez",
    "numpy.set_printoptions",
    "numpy.seterr",
    "numpy.seterrcall",
    "numpy.setbufsize",
    "numpy.vectorize",
    "numpy.fromfunction",
    "types.new_class",
)
QUIET = ("numpy.random.default_rng", "numpy.random.SeedSequence")
METHODS = _words(
    "",
    """
    T all any as_posix astype copy count decode difference encode endswith format get
    index intersection is_dir is_file item items join joinpath keys lower lstrip max
    mean min partition
    removeprefix removesuffix replace reshape resolve rpartition rsplit rstrip split
    splitlines startswith strip sum title tolist transpose union upper values with_name
    with_suffix
    """,
)
METACLASSES = {"abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"}
DECORATORS = {
    "abc.abstractmethod",
    "builtins.classmethod",
    "builtins.property",
    "builtins.staticmethod",
    "contextlib.asynccontextmanager",
    "contextlib.contextmanager",
    "dataclasses.dataclass",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.singledispatch",
    "functools.total_ordering",
    "functools.wraps",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.no_grad",
    "typing.final",
    "typing.no_type_check",
    "typing.overload",
    "typing.override",
    "typing.runtime_checkable",
}


def _starts(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == item or name.startswith(f"{item}.") for item in prefixes)


def is_harmless(name: str) -> bool:
    """Say whether calling what an absolute name stands for does nothing else.

    Its arguments have to be free of effects too, which is for the caller to know.
    """
    if name in FUNCTIONS or _starts(name, QUIET):
        return True
    return _starts(name, MODULES) and not _starts(name, ACTING)
