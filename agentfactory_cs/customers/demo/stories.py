"""Eight customers with a story to notice; docs/demo.md tells them, the tests hold them to it.

Times are days ago. The stories stand first in the book, whatever its size and seed.
"""

from dataclasses import dataclass
from decimal import Decimal

from ..models import Contact, Customer, Interaction, Subscription, Task
from .accounts import Account, Curve, flat
from .scripts import Aim, Contract, Course, Estimate, Outcome, Person, Script, Talk, Todo
from .words import COUNTRIES

_Tier = Customer.Tier
_Pay = Subscription.PaymentStatus
_CALL, _MEETING, _EMAIL, _NOTE = Interaction.Kind
_IN = Interaction.Direction.IN
_COUNTRY = {country.time_zone: country for country in COUNTRIES}
_BASICS = "Agent basics"
_KNOWLEDGE = "Knowledge bases that answer"
_PRODUCTION = "Agents in production"


@dataclass(frozen=True)
class Story:
    account: Account
    script: Script


_thriving = Story(
    Account(
        0, "Lumenfield Robotics", _Tier.PRO, "Manufacturing", _COUNTRY["America/Chicago"],
        signed_up=410, story="thriving",
        use=Curve(((240, 0.7), (120, 0.85), (60, 1.1), (0, 1.3))), presence=flat(1.2), mood=flat(0.97),
        posts_a_quarter=9,
    ),
    Script(
        people=(
            Person("Head of Digital", "Nora Whitlock", primary=True),
            Person("Automation Lead", "Caleb Osgood"),
            Person("Finance Director", "Ruth Ashdown"),
        ),
        contracts=(Contract(
            _Tier.PRO, Decimal(249), starts=405, renews=150, seats=12,
            changes=((70, {"seats": 18, "mrr": Decimal(398)}),),
            budget_note="Ruth Ashdown has budget for the enterprise plan from next quarter; asks for single sign-on.",
        ),),
        courses=(Course(_BASICS, 400, 390), Course(_KNOWLEDGE, 400, 371), Course(_PRODUCTION, 200, 180)),
        aims=(
            Aim("Answer service requests without a person", "% of requests", 10, 60, set=300, due_in=30,
                readings=((200, 32), (150, 41), (100, 50), (60, 57), (20, 63))),
            Aim("First answer under a minute", "% of answers", 40, 90, set=300, due_in=0, kind="success_metric",
                readings=((180, 78), (120, 91), (60, 94), (15, 95))),
        ),
        outcomes=(Outcome(100, 10.2, 9), Outcome(10, 12.4, 9.5, "Saves a night shift in the parts service.")),
        talks=(
            Talk(95, _MEETING, "Quarterly review", "Rolling out to the second plant."),
            Talk(48, _CALL, "Rollout second plant", "All six agents live; users ask for more."),
            Talk(18, _MEETING, "Quarterly review", "Wants single sign-on and an audit log: both are enterprise."),
            Talk(5, _EMAIL, "Our limits", "“We will pass the request limit this month. What are our options?”", _IN),
        ),
        todos=(
            Todo("Prepare the enterprise offer", due=-4, description="Seats, single sign-on, audit log."),
            Todo("Ask for a case study", due=35, done=33, outcome="Agreed, for the spring."),
        ),
        estimates=(Estimate(150, 88), Estimate(80, 92), Estimate(18, 97, "Talks about more, not about whether.")),
        tags=("reference",),
    ),
)  # fmt: skip

_stalled = Story(
    Account(
        1, "Oakmere Legal", _Tier.PRO, "Professional services", _COUNTRY["Europe/London"],
        signed_up=19, story="stalled in onboarding", stalled=True,
        use=Curve(((19, 0.1), (14, 0.25), (13, 0.0))), presence=Curve(((19, 0.9), (14, 0.6), (13, 0.0))),
        mood=flat(0.5), conversing=0.0,
    ),
    Script(
        people=(Person("Operations Director", "Henry Penhale", primary=True), Person("Developer", "Isla Marlowe")),
        contracts=(Contract(_Tier.PRO, Decimal(199), starts=19, renews=346, seats=5),),
        courses=(Course(_BASICS, 18), Course(_KNOWLEDGE, 18)),
        aims=(Aim("Draft standard letters", "letters a week", 0, 80, set=16, due_in=70, readings=()),),
        talks=(
            Talk(17, _CALL, "Welcome call", "Wants to draft standard letters. Documents to come from their archive."),
            Talk(7, _NOTE, "No-show", "Second call: nobody came, no answer to the mail afterwards."),
        ),
        todos=(
            Todo("Onboarding call", due=17, kind=Task.Kind.CALL, done=17, outcome="Held; knowledge base comes next."),
            Todo("Get the documents for the knowledge base", due=9, description="Nothing has been uploaded yet."),
        ),
    ),
)  # fmt: skip

_silent = Story(
    Account(
        2, "Quillhaven Publishing", _Tier.PRO, "Publishing", _COUNTRY["Europe/Berlin"],
        signed_up=520, story="silent decline",
        use=Curve(((240, 1.05), (56, 1.05), (0, 0.3))), presence=Curve(((240, 1.0), (56, 1.0), (0, 0.35))),
        mood=Curve(((120, 0.75), (50, 0.7), (0, 0.4))), posts_a_quarter=0.5,
    ),
    Script(
        people=(Person("Head of Digital", "Greta Lindner", primary=True), Person("Data Engineer", "Jonas Vogel")),
        contracts=(Contract(_Tier.PRO, Decimal(279), starts=515, renews=78, seats=9),),
        courses=(Course(_BASICS, 500, 488), Course(_KNOWLEDGE, 490, 470), Course(_PRODUCTION, 300)),
        aims=(
            Aim("Manuscript enquiries answered by the agent", "% of enquiries", 0, 70, set=260, due_in=20,
                readings=((180, 40), (120, 55), (60, 58))),
            Aim("Answers rated helpful", "% of answers", 50, 80, set=260, due_in=20, kind="success_metric",
                readings=((180, 78), (90, 82), (45, 81))),
        ),
        outcomes=(Outcome(130, 6.6, 6.5), Outcome(40, 5.6, 6.5)),
        talks=(
            Talk(128, _MEETING, "Half-year review", "Content, few wishes."),
            Talk(71, _CALL, "Check-in", "All fine."),
        ),
        todos=(Todo("Check-in", due=72, kind=Task.Kind.CALL, done=71, outcome="All fine."),),
        estimates=(Estimate(140, 85), Estimate(71, 85, "No reason to worry.")),
    ),
)  # fmt: skip

_angry = Story(
    Account(
        3, "Brassgate Logistics", _Tier.ENTERPRISE, "Logistics", _COUNTRY["Europe/Amsterdam"],
        signed_up=460, story="angry",
        use=flat(0.92), presence=flat(0.95), mood=Curve(((120, 0.7), (20, 0.6), (10, 0.05))), posts_a_quarter=1,
    ),
    Script(
        people=(
            Person("Chief Operating Officer", "Femke van Dijk", primary=True),
            Person("Support Team Lead", "Ruben Postma"),
            Person("Solution Architect", "Lotte Bakker"),
        ),
        contracts=(Contract(_Tier.ENTERPRISE, Decimal(2900), starts=455, renews=240, seats=60),),
        courses=(Course(_BASICS, 440, 430), Course(_PRODUCTION, 430, 395), Course("Security and access", 120)),
        aims=(
            Aim("Track-and-trace enquiries answered by agents", "% of enquiries", 20, 75, set=300, due_in=60,
                readings=((200, 45), (120, 58), (60, 62), (15, 60))),
            Aim("Wrong answers", "per 1 000", 30, 5, set=300, due_in=60, kind="success_metric",
                readings=((200, 12), (120, 5), (60, 5), (9, 19))),
        ),
        outcomes=(Outcome(120, 6.0, 6.0), Outcome(30, 5.4, 6.2)),
        talks=(
            Talk(75, _MEETING, "Quarterly review", "On course."),
            Talk(32, _CALL, "Planning the peak season", "Expects twice the volume in December."),
            Talk(12, _EMAIL, "Agents gave wrong delivery dates", "“Second time this month. I need a cause.”", _IN),
            Talk(8, _EMAIL, "Still waiting", "“Four days and no cause. Our drivers take the blame.”", _IN),
            Talk(5, _CALL, "Complaint", "Femke van Dijk asks for our management and a written report.", _IN),
        ),
        todos=(
            Todo("Written report on the wrong delivery dates", due=2, description="Promised to Femke van Dijk."),
            Todo("Call with our management", due=-1, kind=Task.Kind.CALL),
        ),
        estimates=(Estimate(150, 82), Estimate(75, 85), Estimate(5, 40, "Will not renew like this.")),
    ),
)  # fmt: skip

_payment = Story(
    Account(
        4, "Tidewell Travel", _Tier.STARTER, "Travel", _COUNTRY["Europe/Madrid"],
        signed_up=310, story="payment trouble",
        use=Curve(((240, 0.9), (60, 0.85), (40, 0.65), (8, 0.15), (0, 0.1))),
        presence=Curve(((240, 0.6), (60, 0.55), (8, 0.1), (0, 0.1))), mood=flat(0.45), posts_a_quarter=0,
    ),
    Script(
        people=(Person("Founder", "Elena Navarro", primary=True), Person("Finance Director", "Tomás Prieto")),
        contracts=(Contract(
            _Tier.STARTER, Decimal(49), starts=300, renews=65, seats=3,
            changes=((33, {"payment_status": _Pay.PAST_DUE}), (9, {"payment_status": _Pay.UNPAID})),
        ),),
        courses=(Course(_BASICS, 290, 275), Course(_KNOWLEDGE, 290)),
        aims=(Aim("Booking questions answered by the agent", "a week", 0, 60, set=200, due_in=10,
                  readings=((150, 22), (90, 34), (40, 30), (12, 16))),),
        talks=(
            Talk(31, _EMAIL, "Your card was declined", "First reminder, to the finance director."),
            Talk(20, _CALL, "Open invoice", "Tomás Prieto: weak season, asks for two weeks."),
        ),
        todos=(Todo("Agree on instalments or a pause", due=3, kind=Task.Kind.CALL),),
        estimates=(Estimate(120, 75), Estimate(20, 30, "Wants to stay, cannot pay.")),
    ),
)  # fmt: skip

_champion = Story(
    Account(
        5, "Saltmarsh Insurance", _Tier.ENTERPRISE, "Insurance", _COUNTRY["Europe/Dublin"],
        signed_up=640, story="champion left",
        use=Curve(((240, 1.0), (20, 1.0), (0, 0.7))), presence=Curve(((240, 0.9), (19, 0.9), (16, 0.05), (0, 0.05))),
        mood=flat(0.7), posts_a_quarter=3,
    ),
    Script(
        people=(
            Person("Head of Customer Service", "Grace Kendrick", primary=True, left=18,
                   mail_status=Contact.MailStatus.BOUNCED),
            Person("Procurement Manager", "Oliver Farrow"),
        ),
        contracts=(Contract(_Tier.ENTERPRISE, Decimal(1850), starts=630, renews=88, seats=40),),
        courses=(Course(_BASICS, 600, 590), Course(_KNOWLEDGE, 600, 580), Course("Security and access", 500, 470)),
        aims=(
            Aim("Claims acknowledged within the hour", "% of claims", 30, 95, set=320, due_in=40,
                readings=((220, 70), (140, 84), (80, 90), (30, 92))),
            Aim("Calls avoided", "a month", 0, 1500, set=320, due_in=40, kind="success_metric",
                readings=((220, 1100), (140, 1450), (80, 1580), (30, 1610))),
        ),
        outcomes=(Outcome(115, 8.1, 7.5), Outcome(25, 8.4, 7.5)),
        talks=(
            Talk(110, _MEETING, "Quarterly review", "Grace Kendrick presents us to her board."),
            Talk(62, _CALL, "Monthly call"),
            Talk(34, _CALL, "Monthly call", "Planning a second line of business."),
            Talk(22, _EMAIL, "Moving on", "“Friday week is my last day. Oliver will know who takes over.”", _IN),
            Talk(9, _NOTE, "Mail came back", "Grace Kendrick's address no longer exists; nobody named yet."),
        ),
        todos=(Todo("Find out who takes over from Grace Kendrick", due=6, kind=Task.Kind.CALL),),
        estimates=(Estimate(130, 88), Estimate(70, 90), Estimate(9, 45, "Nobody there who stands up for us.")),
    ),
)  # fmt: skip

_renewing = Story(
    Account(
        6, "Northmoor Energy", _Tier.ENTERPRISE, "Energy", _COUNTRY["Europe/Stockholm"],
        signed_up=725, story="renewing",
        use=Curve(((240, 0.66), (0, 0.72))), presence=flat(0.75), mood=flat(0.78), posts_a_quarter=1,
    ),
    Script(
        people=(
            Person("Head of Customer Service", "Astrid Dahl", primary=True),
            Person("Procurement Manager", "Nils Ekman"),
            Person("IT Security Officer", "Freja Haugen"),
        ),
        contracts=(Contract(
            _Tier.ENTERPRISE, Decimal(3400), starts=706, renews=24, seats=75, changes=((341, {"mrr": Decimal(3650)}),),
            budget_note="Nils Ekman expects the same volume; a price rise needs his board.",
        ),),
        courses=(Course(_BASICS, 690, 680), Course(_PRODUCTION, 600, 560), Course("Security and access", 150)),
        aims=(
            Aim("Meter questions answered by agents", "% of questions", 0, 65, set=340, due_in=24,
                readings=((240, 35), (150, 48), (75, 55), (14, 58))),
            Aim("Average handling time", "minutes", 9, 6, set=340, due_in=24, kind="success_metric",
                readings=((240, 7.6), (150, 6.4), (75, 5.9), (14, 5.8))),
        ),
        outcomes=(Outcome(105, 6.3, 6.6), Outcome(14, 6.9, 6.6)),
        talks=(
            Talk(92, _MEETING, "Quarterly review"),
            Talk(45, _CALL, "Renewal: first talk", "Wants to stay; security questionnaire first."),
            Talk(13, _MEETING, "Value review", "Went through the year's figures with procurement."),
            Talk(4, _EMAIL, "Security questionnaire", "“Answers are complete, thank you.”", _IN),
        ),
        todos=(
            Todo("Security questionnaire", due=20, done=16, outcome="Sent to Freja Haugen."),
            Todo("Send the renewal offer", due=-2, description="Same volume, two years."),
            Todo("Call procurement about the offer", due=-6, kind=Task.Kind.CALL),
        ),
        estimates=(Estimate(125, 65), Estimate(60, 70), Estimate(13, 85, "Waiting for the offer only.")),
    ),
)  # fmt: skip

_recovered = Story(
    Account(
        7, "Emberline Foods", _Tier.PRO, "Food", _COUNTRY["America/Toronto"],
        signed_up=390, story="recovered",
        use=Curve(((240, 0.8), (112, 0.75), (88, 0.12), (58, 0.1), (30, 0.75), (0, 0.8))),
        presence=Curve(((240, 0.7), (112, 0.7), (88, 0.1), (58, 0.1), (34, 0.8), (0, 0.85))),
        mood=Curve(((115, 0.7), (80, 0.15), (55, 0.3), (20, 0.8))), posts_a_quarter=0.8,
    ),
    Script(
        people=(Person("Operations Director", "Dylan Winslow", primary=True), Person("Developer", "Priya Rao")),
        contracts=(Contract(_Tier.PRO, Decimal(219), starts=380, renews=120, seats=7),),
        courses=(Course(_BASICS, 370, 350), Course(_KNOWLEDGE, 64, 46), Course(_PRODUCTION, 64, 41)),
        aims=(
            Aim("Supplier questions answered by the agent", "% of questions", 10, 60, set=300, due_in=15,
                readings=((200, 35), (120, 38), (78, 20), (40, 36), (12, 52))),
            Aim("Orders entered without a person", "% of orders", 0, 30, set=50, due_in=30, kind="success_metric",
                readings=((35, 14), (10, 31))),
        ),
        outcomes=(Outcome(95, 2.1, 5), Outcome(7, 5.6, 5)),
        talks=(
            Talk(74, _CALL, "What went wrong", "New order system broke their agents; nobody told us."),
            Talk(64, _MEETING, "Plan for the way back", "Rebuild two agents, train both teams, weekly calls."),
            Talk(50, _CALL, "Follow-up", "Orders agent rebuilt."),
            Talk(36, _CALL, "Follow-up", "Both agents live again."),
            Talk(9, _MEETING, "Review", "“Better than before.”"),
        ),
        todos=(
            Todo("Call: score fell below 50", due=75, kind=Task.Kind.CALL, done=74, outcome="New order system."),
            Todo("Rebuild the orders agent with them", due=52, done=50, outcome="Live."),
            Todo("Follow-up call", due=36, kind=Task.Kind.CALL, done=36, outcome="On the way up."),
        ),
        estimates=(Estimate(130, 75), Estimate(74, 25, "About to leave."), Estimate(36, 60), Estimate(9, 80)),
    ),
)  # fmt: skip

STORIES = (_thriving, _stalled, _silent, _angry, _payment, _champion, _renewing, _recovered)
