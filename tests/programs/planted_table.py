"""The plants: of each check, how its trouble gets into a healthy cluster, and what must then be told. From the list of
checks (id, condition, severity) and its clarifications."""

PLANTS = []


class Plant:
    def __init__(self, check, grow, hops, hop):
        self.check, self.grow, self.hops, self.hop = check, grow, hops, hop
        self.name = f"{check}/{grow.__name__}"

    def fits(self, world):
        return self.hops is None or self.hops(world.frm, world.to)


def plants(check, hops=None, hop=None):
    """Decorates a function of the world that plants the trouble; it gives False when there is no suitable object.
    `hops`: whether it can grow on a way (two minors); `hop`: the way that it needs, of a random source."""
    def take(grow):
        PLANTS.append(Plant(check, grow, hops, hop))
        return grow
    return take


def hop_for(rng, chosen):
    """A way on which most of the chosen can grow. One of them may ask for its own; others that do so are dropped."""
    from planted_base import HOPS
    own = [one for one in chosen if one.hop]
    for one in own[1:]:
        chosen.remove(one)
    if own:
        return own[0].hop(rng)
    picky = [one for one in chosen if one.hops]
    return max((sum(bool(one.hops(*hop)) for one in picky), rng.random(), hop) for hop in HOPS)[2]


def backwards(world):
    """What is true of every way back: nodes and add-ons went ahead already, and EKS may have no right left to give."""
    for check in ("PATH-DOWNGRADE", "RBK-WINDOW", "RBK-NODES", "RBK-ADDON", "RBK-FARGATE", "ADDON-EKS-INCOMPATIBLE", "ADDON-ORDER"):
        world.also(check)


# ---- what a plant takes, nobody else gets

def claim(world, what):
    """True once."""
    if what in world.one_of_a_kind:
        return False
    world.one_of_a_kind.add(what)
    return True


def app(world, *kinds, **wanted):
    """Somebody's healthy workload: of these kinds, and with these attributes."""
    fit = [one for one in world.apps if getattr(one, "mine", False) and not getattr(one, "claimed", False) and one.kind in (kinds or ("Deployment",)) and
           all(getattr(one, key) == value for key, value in wanted.items())]
    if not fit:
        return None
    one = world.plant_rng.choice(fit)
    one.claimed = True
    return one


def group(world):
    fit = [one for one in world.groups if not one.claimed and not any(node.claimed for node in one.nodes)]
    if not fit:
        return None
    one = world.plant_rng.choice(fit)
    one.claimed = True
    return one


def spare_group(world, name, size=3, **more):
    """A group of its own, on which no workload depends."""
    from planted_world import Group
    if not claim(world, f"group {name}"):
        return None
    one = Group(world, name, size)
    one.claimed = True
    for key, value in more.items():
        setattr(one, key, value)
    for node in one.nodes:
        node.claimed = True
    world.groups.append(one)
    world.nodes += one.nodes
    return one


def new_app(world, kind, ns, name, replicas=2, **more):
    """One more workload, healthy but for what a plant does to it."""
    from planted_apps import App
    from planted_base import namespace
    namespace(world, ns)
    one = App(world, kind, ns, name, replicas).spread_out()
    for key, value in more.items():
        setattr(one, key, value)
    one.claimed = True
    world.apps.append(one)
    return one


def of_workload(one):
    return f"{one.kind}:{one.ns}/{one.name}"


def of_group(one):
    """A group is named by its ARN or by its name."""
    return f"aws:{one.arn}", f"aws:{one.name}"
