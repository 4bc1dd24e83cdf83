"""The shop's people. A person is a day of joining and a number, and everything about them follows from these.

So nobody has to be stored: any day can meet any person again, in any order, in any process.

What of a row does not change during a visit is rendered here once, as fragments of JSON, each in the place that the
alphabet gives its keys: Mixpanel writes `time` and `distinct_id`, then all other properties in byte order.
"""

from hashlib import blake2b

# city, region, country, language
PLACES = (
    ("New York", "New York", "US", "en-US"),
    ("San Francisco", "California", "US", "en-US"),
    ("Austin", "Texas", "US", "en-US"),
    ("Chicago", "Illinois", "US", "en-US"),
    ("Seattle", "Washington", "US", "en-US"),
    ("Toronto", "Ontario", "CA", "en-CA"),
    ("Montréal", "Quebec", "CA", "fr-CA"),
    ("London", "England", "GB", "en-GB"),
    ("Leeds", "England", "GB", "en-GB"),
    ("Paris", "Île-de-France", "FR", "fr-FR"),
    ("München", "Bavaria", "DE", "de-DE"),
    ("Berlin", "Land Berlin", "DE", "de-DE"),
    ("São Paulo", "São Paulo", "BR", "pt-BR"),
    ("Bengaluru", "Karnataka", "IN", "en-IN"),
    ("Mumbai", "Maharashtra", "IN", "hi-IN"),
    ("東京", "Tokyo", "JP", "ja-JP"),
)

# browser, version, operating system, screen height, screen width
BROWSERS = (
    ("Chrome", 131, "Windows", 1080, 1920),
    ("Chrome", 130, "Windows", 768, 1366),
    ("Chrome", 131, "Mac OS X", 900, 1440),
    ("Chrome", 131, "Android", 915, 412),
    ("Safari", 18.1, "Mac OS X", 982, 1512),
    ("Mobile Safari", 18.1, "iOS", 844, 390),
    ("Microsoft Edge", 131, "Windows", 1080, 1920),
    ("Firefox", 133, "Linux", 1200, 1920),
)

# library, its version, operating system, version, maker, model, screen height, screen width
PHONES = (
    ("swift", "4.3.0", "iOS", "18.1.1", "Apple", "iPhone15,2", 852, 393),
    ("swift", "4.3.0", "iOS", "17.6", "Apple", "iPhone12,8", 667, 375),
    ("android", "7.5.2", "Android", "15", "samsung", "SM-S921B", 2340, 1080),
    ("react-native", "3.0.8", "Android", "14", "Google", "Pixel 8", 2400, 1080),
)
CARRIERS = ("Airtel", "AT&T", "EE", "Orange F", "T-Mobile", "Verizon")

# referrer, search engine, utm source
SOURCES = (
    ("$direct", None, "(none)"),
    ("https://www.google.com/", "google", "organic"),
    ("https://www.google.com/", "google", "spring_sale"),
    ("https://duckduckgo.com/", "duckduckgo", "organic"),
    ("https://www.instagram.com/", None, "instagram"),
    ("https://mail.example/inbox", None, "newsletter"),
)
PLANS = ("free", "free", "free", "free", "plus", "pro")


def traits(seed: int, joined: int, number: int) -> bytes:
    """All that is drawn for a person. Every trait takes bytes of its own from a hash: quicker than a generator of
    random numbers for each person."""
    return blake2b(f"{seed}:{joined}:{number}".encode(), digest_size=40).digest()


def is_member(draw: bytes) -> bool:
    return draw[19] % 10 < 6


def member_id(draw: bytes) -> str:
    return f"u{draw[20:25].hex()}"


class Person:
    """One person, as fragments of their rows; `day.py` joins them. The names say what each is followed by."""

    __slots__ = (
        "after_processing",
        "before_api_time",
        "before_identity",
        "before_insert_id",
        "before_processing",
        "before_url",
        "distinct_id",
        "identity",
        "member",
        "web",
    )

    def __init__(self, seed: int, joined: int, number: int):
        draw = traits(seed, joined, number)
        digits = draw.hex()
        device_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        city, region, country, language = PLACES[draw[16] % len(PLACES)]
        referrer, engine, source = SOURCES[draw[17] % len(SOURCES)]
        self.web = draw[18] % 10 < 7
        # A member signs up on the first visit; who does not stays a device.
        self.member = is_member(draw)

        # Mixpanel exports the canonical id: a member's rows carry it from the first one, before they had signed up.
        user_id = member_id(draw)
        self.distinct_id = user_id if self.member else f"$device:{device_id}"
        self.identity = f'"$user_id":"{user_id}",' if self.member else ""

        if self.web:
            library = "web"
            self._browse(draw, device_id, city, region, referrer, engine)
        else:
            library = self._carry_a_phone(draw, device_id, city, region)
        self.before_processing = (
            f'"experiment":"{"A" if draw[32] & 1 else "B"}","is_subscribed":{"true" if draw[33] & 1 else "false"},'
            f'"language":"{language}","loyalty_points":{draw[34] * 10},'
            f'"mp_country_code":"{country}","mp_lib":"{library}",'
        )
        self.after_processing = (
            f'"orders":{draw[35] % 9},"plan":"{PLANS[draw[36] % len(PLANS)]}","utm_source":"{source}"'
        )

    def _browse(self, draw: bytes, device_id: str, city: str, region: str, referrer: str, engine: str | None) -> None:
        browser, version, system, height, width = BROWSERS[draw[28] % len(BROWSERS)]
        search_engine = f'"$search_engine":"{engine}",' if engine else ""
        self.before_url = f'"$browser":"{browser}","$browser_version":{version},"$city":"{city}",'
        self.before_insert_id = f'"$device_id":"{device_id}","$initial_referrer":"{referrer}",'
        self.before_api_time = '"$lib_version":"2.56.0","$mp_api_endpoint":"api-js.mixpanel.com",'
        self.before_identity = (
            f'"$os":"{system}","$region":"{region}","$screen_height":{height},"$screen_width":{width},{search_engine}'
        )

    def _carry_a_phone(self, draw: bytes, device_id: str, city: str, region: str) -> str:
        """Gives back the name of the phone's library."""
        library, lib_version, system, system_version, maker, model, height, width = PHONES[draw[28] % len(PHONES)]
        release = draw[29] % 7
        self.before_url = (
            f'"$app_build_number":"{4100 + release}","$app_version_string":"5.{release}.0","$brand":"{maker}",'
            f'"$carrier":"{CARRIERS[draw[30] % len(CARRIERS)]}","$city":"{city}",'
        )
        self.before_insert_id = f'"$device_id":"{device_id}",'
        self.before_api_time = (
            f'"$lib_version":"{lib_version}","$manufacturer":"{maker}","$model":"{model}",'
            f'"$mp_api_endpoint":"api.mixpanel.com",'
        )
        self.before_identity = (
            f'"$os":"{system}","$os_version":"{system_version}","$radio":"LTE","$region":"{region}",'
            f'"$screen_dpi":{160 + draw[31] % 4 * 80},"$screen_height":{height},"$screen_width":{width},'
        )
        return library
