"""Makes the events that a person sends during one visit to the shop.

A visit yields (event name, path, own properties): properties that only this kind of event has, rendered, their keys
between the `$` ones and those of the person.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .catalogue import ITEMS, SEARCHES, Item
from .people import Person

Step = tuple[str, str, str]
Cart = list[tuple[Item, int]]

METHODS = ("Apple", "Email", "Email", "Google")
PAYMENTS = ("Card", "Card", "Gift Card", "PayPal")
COUPONS = ("null", "null", "null", '"SPRING10"', '"WELCOME"')
LANDINGS = (("/", "Home"), ("/sale", "Sale"), ("/new", "New In"), ("/journal/pitching-a-tent", "Pitching a tent"))


def visit(person: Person, first: bool, draw: Callable[[], float]) -> Iterator[Step]:
    """The steps of one visit. `first`: the visit on which this person joins."""
    dice = Dice(draw)
    yield from _arrival(person, dice)
    if person.member and first:
        own = f'"Method":"{dice.pick(METHODS)}","Referral Code":"","Wants Newsletter":{dice.boolean(0.5)},'
        yield "Sign Up", "/signup", own
    elif person.member and draw() < 0.35:
        own = f'"Attempts":{1 + int(draw() * 1.3)},"Method":"{dice.pick(METHODS)}","Remember Me":{dice.boolean(0.7)},'
        yield "Log In", "/login", own

    cart: Cart = []
    for position in range(1, 2 + int(draw() * 11)):
        action = draw()
        if action < 0.25:
            query, path = dice.pick(SEARCHES)
            yield "Search", path, f'"Query":"{query}","Results":{int(draw() * 120)},"Sort By":"relevance",'
            continue
        item = dice.pick(ITEMS)
        yield "View Item", item.path, f'{item.properties}"Position":{position},'
        if action > 0.76:
            quantity = 1 + int(draw() * 1.4)
            cart.append((item, quantity))
            yield "Add To Cart", item.path, f'{item.properties}"Quantity":{quantity},"Units In Cart":{len(cart)},'
        elif action > 0.74:
            yield "Add To Wishlist", item.path, f'{item.properties}"Wishlist":"Someday",'

    if cart and draw() < 0.6:
        yield from _checkout(cart, dice)


class Dice:
    """What chance decides, from one source of numbers: only `draw` is sure to stay the same in every Python."""

    def __init__(self, draw: Callable[[], float]):
        self.draw = draw

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.draw() * len(choices))]

    def boolean(self, chance: float) -> str:
        return "true" if self.draw() < chance else "false"


def _arrival(person: Person, dice: Dice) -> Iterator[Step]:
    path, title = dice.pick(LANDINGS)
    if not person.web:
        yield "App Open", path, f'"Cold Start":{dice.boolean(0.6)},"Launch Seconds":{dice.draw() * 4:.3f},'
        return
    yield "$session_start", path, ""
    own = f'"current_domain":"shop.example","current_page_title":"{title} | The Shop","current_url_path":"{path}",'
    yield "$mp_web_page_view", path, own


def _checkout(cart: Cart, dice: Dice) -> Iterator[Step]:
    value = sum(item.price * quantity for item, quantity in cart)
    ids = ",".join(str(item.item_id) for item, _ in cart)
    coupon = dice.pick(COUPONS)
    own = f'"Cart Items":[{ids}],"Cart Value":{value:.2f},"Coupon":{coupon},"Units":{len(cart)},'
    yield "Checkout Started", "/checkout", own
    if dice.draw() < 0.7:
        items = ",".join(f'{{"id":{item.item_id},"price":{item.price},"quantity":{count}}}' for item, count in cart)
        own = (
            f'"Amount":{value:.2f},"Coupon":{coupon},"Currency":"USD","Items":[{items}],'
            f'"Order Id":"A-{int(dice.draw() * 1e9):09d}","Payment Method":"{dice.pick(PAYMENTS)}",'
            f'"Shipping":{{"express":{dice.boolean(0.2)},"fee":{4.9 if value < 50 else 0}}},'
        )
        yield "Purchase", "/checkout/thanks", own
