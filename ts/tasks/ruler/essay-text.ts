/**
 * Prose for essay haystacks where the user gives none: a dozen and a half short essays about one town.
 * Written for this project and dedicated to the public domain (CC0 1.0). Changing a letter changes prompts.
 */
export const essayText = `
The ferry that crosses the estuary leaves when it is full or when the captain is tired of waiting, whichever comes first.
Nobody in the town owns a timetable, although the harbour office prints one every spring and pins it to the door with a brass
tack. Strangers copy the hours into their notebooks and stand on the quay with growing impatience. Those who live here look at
the water instead. If the mud on the far side shows a dark line below the reeds, there is time for another cup of coffee. If
the line is gone, you had better run. It took me two summers to learn this, and I was a little ashamed at how proud I felt on
the first morning when I walked down without hurry, stepped aboard, and heard the rope fall on the deck behind me. Knowledge of
this kind cannot be written on a door. It lives in the eyes of people who have missed the boat often enough, and it leaves the
town with them when they move away.

Bread is a quieter teacher than water, but it teaches the same lesson. The baker in the lower street keeps her starter in a
stone jar that belonged to her aunt, and she speaks of it the way other people speak of an old horse. In winter it sulks. In
the week of the first warm rain it climbs out of the jar and has to be scolded. She owns a thermometer and two good scales, yet
she decides by smell when the dough has had enough, and I have never known her to be wrong by more than a quarter of an hour. I
asked her once whether she could put the rule into words, so that her apprentice might learn it faster. She thought about it
while she shaped a dozen loaves. Then she said that a rule would only tell him what to do, and that he had to learn what to
notice. After that he would find the rule himself, and it would be a better one, because it would fit his own hands.

There is an old quarrel in the town about the bridge. It was meant to replace the ferry, and it was drawn by an engineer from
the capital who had built eleven bridges and was very sure of the twelfth. He measured the river in August. The drawings were
beautiful, and a copy of them still hangs in the school. What he did not see was the river in March, when the snow melts in
the hills and the whole valley seems to lean toward the sea. The first pier stood for nine months. The second was begun and
never finished, and today it is a small square island on which cormorants dry their wings. People like to tell this story as a
joke about engineers, but I think it is a story about August. We all measure the world in the month that suits us. The trouble
is not that we measure badly, for his figures were correct to the width of a finger. The trouble is that we forget to write
the month beside the figure.

My neighbour repairs clocks, mostly those that nobody else will touch. Her workshop is one room with a north window, and
everything in it ticks at its own pace, so that you hear not seconds but a kind of rain. She told me that the worst damage to
a clock is seldom done by time. It is done by the last person who was sure that he understood it. A screw is forced because it
ought to turn; a wheel is filed because it ought to fit. When she opens a case she first looks for the marks of earlier
repairs, and she can tell from them whether the man was patient, whether he was paid by the hour, and once, she swears,
whether he was in love. She keeps a ledger in which every clock has a page, and on the page she writes what she did and also
what she was tempted to do and left alone. The second list is the longer one. She says that it has saved her more work than
all her tools together, because temptations come back, always with the same convincing face.

The library is open on four afternoons. It has fewer books than the schoolmaster owns at home, but it has a stove, and it has
Mister Aldous, who remembers who borrowed what. He does not believe in catalogues by subject. A subject, he says, is what the
last reader thought the book was about. He shelves the books by size, because that is honest, and he keeps the rest in his
head. Ask him for something on bees and he will bring you a volume of sermons, since the preacher kept hives and could not
stay off the topic for longer than two pages. Ask him for sermons and he will look at you closely and bring you a novel. The
county has twice sent a young woman with printed cards to put the place in order. Both times she stayed for a week, drank a
great deal of tea, and went away with a list of books to read. When Mister Aldous dies, the town will own three thousand
volumes and no library. He knows this and is training a girl of twelve, who already disagrees with him about the sermons.

Every garden on the hill is a letter to somebody. The doctor's widow grows only what her husband disliked, great untidy
dahlias and a row of leeks along the path, and she tends them with a tenderness that makes the passers-by lower their voices.
The two brothers who do not speak have planted a hedge between them, and each trims his own side to the exact height at which
the other can just be seen. At the top, where the soil is thin, an old sailor has made a garden of stones. He carried them up
himself, one each evening, for the better part of twenty years. From the road it looks like a wall that has lost its way. But
if you stand where his bench stands, you see that the stones follow the shape of the coast, bay after bay, and that there is a
white one for each harbour in which he was happy. There are not many white ones. They are far apart, and the sailor says that
this is how you can tell it is a true map.

Rain here has more names than I could use in a year. There is the rain that comes in sideways and is gone before the washing
is indoors. There is the fine grey kind that does not fall at all but hangs in the street like a curtain, so that you walk
through it and come home wet without having heard a drop. There is the harvest rain, which is cursed, and the seed rain, which
is cursed only by children. A visitor once asked the postman which of them was the real weather, and the postman, who has to
go out in all of it, considered the question fairly. He answered that the weather was whatever made you change your mind. The
rest, he said, was only sky. I have carried that sentence with me for a long time. It has been useful on days when the news
was loud and nothing in my own street had changed, and also on a few quiet days when I found, to my surprise, that something
had.

In the autumn the salt makers burn the last of their driftwood. Theirs is the oldest trade on the estuary and the least
explained. They let the high tide into shallow pans of clay, and then the wind does most of the work, and then the fire does
what the wind has left. A good salter can hear when the brine is ready. It stops hissing and begins to whisper, and at that
moment he must rake, not before and not after, because salt that is raked early is bitter and salt that is raked late is dull.
I spent a season helping with the rakes, and my salt was both. The master was not unkind about it. He ate it on his egg in
front of me, nodded, and said that I had made the sea taste of hurry. He had a theory that every mistake has a flavour, and
that a man who learns to taste his mistakes will not need to be told about them. Since then I have cooked more slowly, and I
have also written more slowly, though I am not sure that either can be tasted by anyone but me.

The market is held on the square in front of the customs house, and it obeys laws that no council ever passed. Fish is sold on
the side of the morning sun, because it must be gone by noon. Cheese waits in the shade and can afford to. The man who sells
knives has the corner, so that nobody need stand behind a customer who is testing an edge. No price is shouted before the bell
of Saint Anne has struck eight, and no price is honest after it has struck twelve. Once a stranger set up a table with combs
and mirrors in the place of the egg woman, who was ill that day. Nobody sent him away. But people walked around the table as
water walks around a stone, and by ten he had packed up, puzzled and a little frightened, although not one hard word had been
said to him. When the egg woman came back, she was told of it by seven different people before she had unloaded her baskets.
She sent the stranger a dozen brown eggs by the carrier. She said that he had kept the place warm.

I used to think that the lighthouse was there to show ships where they were. The keeper, who is retired and has time to
correct people, says that it shows them where they are not. A captain in the dark has an opinion about his position. He has
steered so many hours on such a course, and he has a chart and a pencil, and the pencil line is very convincing. Then he sees
the light, two short flashes and a long one, on the wrong side of the bow. At that moment a good captain rubs out the line. A
bad one begins to explain the light. It must be another lighthouse, or a fishing boat, or a trick of the mist. In the
keeper's forty years there were three wrecks on the sandbank, and in every one of them the light had been seen, noted in the
log with the correct time, and explained. He does not tell this with any bitterness. He only mentions that the logbooks were
kept in excellent handwriting.

The school has two rooms and one bell. The children learn to write on slates, which is not poverty but policy, for the teacher
holds that a child should be able to be wrong without leaving a trace. Paper comes in the third year and is handed out like
bread. I visited on a day when the lesson was the map of the valley. Each child drew it from memory, and then they laid all
the slates on the floor and walked around them in their socks. No two agreed. On one the mill was larger than the church,
because the child's father worked there. On another the road to the quarry was missing, because its artist had never been
allowed to take it. The teacher did not bring out the printed map. She asked them what each valley would be good for. One was
good for finding the mill, they decided, and one for staying out of trouble, and one, by a very small boy, which showed
nothing but the river and a single tree, was agreed to be good for meeting him.

Rope is made in a shed so long and so narrow that the far end is a different season. The ropemaker walks backward all his
working life. He ties the fibres to his waist, fastens the end to the wheel that his daughter turns, and steps away from it,
paying out the hemp through his fingers, until the wheel is the size of a coin. He has calculated that he has walked around
the earth once and a half in this fashion without ever seeing where he was going. What he sees is where he has been, and that,
he says, is all that a rope needs. The strength of it is not in any one fibre, since the longest is no longer than an arm. It
is in the overlap. Each strand begins before the last has ended, and they hold each other by nothing but the twist. I have
heard this used in the pulpit as a lesson about charity, and by the mayor as a lesson about taxes. The ropemaker has heard it
too. He says they are both right as long as somebody keeps turning the wheel.

There was a winter when the estuary froze from bank to bank. It happens perhaps twice in a lifetime. The ferry lay in the ice
like a toy in a pudding, and for three weeks everybody walked where nobody had ever walked before. A baker's stall was set up
in the middle of the channel. Cousins who had not met in years, because the ferry cost money and the bridge did not exist,
found that they lived a quarter of an hour apart. On the last day, when the ice had begun to groan, the priest forbade anyone
to cross, and so of course everybody did, once in each direction, quickly and without talking. In the spring the boat ran
again and the cousins went back to sending cards at New Year. I asked one of them why. The distance had become the same as
before, she said. I objected that it had never been any different, that the water was exactly as wide as the ice. She looked
at me with pity. Distance, she explained, is not how far it is. It is how often you have to ask somebody.

Paper was made at the mill until the river grew too clean for it, if that can be believed. The best sheets needed a certain
softness in the water which came from the tanneries upstream, and when the tanneries closed, the paper turned brittle and the
orders went elsewhere. The miller's grandson has kept the last good batch in a chest lined with tin. He sells it by the single
sheet, to people who have one letter to write in their lives and want it to last. He asks no questions, but he cannot help
knowing things. A sheet bought in May and a second in June means that the first letter was honest and the second was kind. Two
sheets bought at once are for a will. A man who buys one sheet every year on the same day has never, as far as anyone knows,
received an answer, and the grandson has begun to put a second sheet into the envelope without charging for it. There are
fewer than two hundred left. He says that when they are gone people will have to say things aloud.

Bees came to the hill with the doctor, who believed in honey as others believe in sea air. He put nine hives behind the
orchard and wrote down everything they did. His widow let me read the notebooks. The early ones are full of numbers: how many
flights in a minute, how many degrees in the shade, how many spoons to the pound. Toward the middle the numbers become fewer
and the sentences longer. In the last book there is a page on which he wrote only that the bees seemed content today, and that
he had sat with them until the shade reached his shoes. I suppose a scientist would call this a decline. And yet the last book
is the one that the other beekeepers borrow. From the numbers you can learn what nine hives did in a certain summer, long ago,
on a certain hill. From the last page you can learn how long to sit.

The carpenter who mends the boats has a rule about wood, which is that it never stops being a tree. He means it practically. A
plank cut from the north side of a trunk will go on facing north, and if you turn it to the south it will warp until it has
told you so. Oak remembers the wind. Pine remembers the axe. He chooses each board by standing it on end and walking around it
with his hands in his pockets, and he has been known to send back a whole cart because the trees, in his opinion, had not
liked one another. Young men laugh at this, and then their boats leak. I have no idea whether he is right about the trees. I
have noticed only that a person who walks around a board three times before cutting it will also see the knot, and the split
behind the knot, and the place where a nail was drawn and the hole filled with wax. It may be that a superstition is a careful
habit that has forgotten its reasons. If so, I would not be in a hurry to remind it.

At the edge of the marsh stands a signpost with four arms and no writing. The paint went long ago, and each time the council
meant to renew it somebody asked what exactly it should say. The old road to the north is a sheep track now. The new road to
the north leaves from the other end of town. One arm points to a village that moved to higher ground after a flood, and one
points, as far as anybody can tell, to the place where the signpost used to stand. Nevertheless people meet there. It is where
the carrier waits, where the children are sent to look out for the hay wagons, and where couples go who wish to be seen
talking. A thing may lose all of its meaning and keep its use, and I am inclined to believe that the post is better without
its words, for it has stopped telling people to leave. When a storm blew it down two years ago, it was set up again within the
day. There was some debate about which way the arms should point. In the end they asked a child, who turned it until it looked
right.

On the longest evening of the year the town lights no lamps. Nobody remembers who began it. People sit on their doorsteps and
let the dark come up from the river, first over the quay, then over the lower street, then step by step up the hill, until
only the stones in the sailor's garden can be seen. You hear the clocks in the workshop, and the ferry pulling at its rope,
and somebody's spoon. Talk begins in the middle, as if it had been going on all year and had only grown loud enough to notice.
I have lived in larger places, where the lights never go out and where a great deal is known about everything. I do not think
that people here know less. They know it in a different order. They begin with what is near and may be touched, and go on from
there for as long as the evening lasts, and when it becomes too dark to go on they stop, quite contentedly, and say that they
will look at the rest tomorrow. Then one window after another is closed, and the water turns around in the dark and goes back
to the sea.
`;
