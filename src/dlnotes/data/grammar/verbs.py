"""Verbs of the grammar, and what goes with each: nouns, places, times.

Only what lies in one row is put together, so that nobody buys a house in
the kitchen.
"""

# forms, Chinese | nouns | kinds of object | places | times | tenses | who
VERBS = """
buy buys bought buying 买 | hat coat shirt dress umbrella bag pen watch \
phone | a a count the | shop | any | past future want plan | all
buy buys bought buying 买 | book novel | a a count the | bookshop | any | \
past future want plan | all
buy buys bought buying 买 | apple fish piece_of_bread bottle_of_juice \
flower | a count count | market | day | past future want | all
buy buys bought buying 买 | table chair car house | a a the | - | any | \
past want plan | adult
buy buys bought buying 买 | ticket | a count | station | day | past future \
must | all
read reads read reading 看 | book novel | a a the this | library park home \
cafe garden train | day | past future progressive want | all
read reads read reading 看 | book novel | bare | library park home cafe \
train | habit | habit | all
read reads read reading 看 | book novel | this the | - | any | past future \
want | all
write writes wrote writing 写 | letter | a a a count | home library cafe | \
day | past future progressive want must | all
see sees saw seeing 看见 | cat dog bird horse | a a count | park garden \
riverside | day | past | all
see sees saw seeing 看见 | horse | a count | riverside | day | past | all
find finds found finding 找到 | key watch phone pen umbrella hat ticket | \
own own the other | table chair bag garden station school bed | day | past \
| all
lose loses lost losing 弄丢 | key watch phone umbrella bag ticket hat | \
own own a | station park bus market train | any | past+ | all
sell sells sold selling 卖掉 | car house bicycle horse | own own the | - | \
any | past future want plan | adult
repair repairs repaired repairing 修 | bicycle car chair table | own the \
other | home garden | day | past future progressive want must | adult
repair repairs repaired repairing 修 | watch phone | own the other | home \
shop | day | past future progressive want must | adult
wash washes washed washing 洗 | car shirt dress coat | own the other | \
home | day | past future progressive must | all
draw draws drew drawing 画 | cat dog horse bird flower house | a | home \
school park garden | day | past progressive want | all
eat eats ate eating 吃 | apple piece_of_cake piece_of_bread | a count | \
home kitchen park school train | day | past want | all
eat eats ate eating 吃 | apple | loose | home kitchen park train | day | \
progressive | all
eat eats ate eating 吃 | bowl_of_noodles | a a | home restaurant | day | \
past want | all
eat eats ate eating 吃 | bowl_of_noodles piece_of_cake piece_of_bread | \
plain | home kitchen restaurant | day | progressive | all
eat eats ate eating 吃 | apple bowl_of_noodles piece_of_bread | plain | \
home school | habit | habit | all
eat eats ate eating 吃 | fish | plain | home restaurant | habit | habit | \
all
drink drinks drank drinking 喝 | cup_of_tea cup_of_coffee | a count | home \
cafe restaurant | day | past want | adult
drink drinks drank drinking 喝 | cup_of_tea cup_of_coffee | bare | home \
cafe restaurant | day | progressive | adult
drink drinks drank drinking 喝 | glass_of_milk glass_of_water \
bottle_of_juice | bare | home kitchen restaurant | day | progressive | all
drink drinks drank drinking 喝 | glass_of_milk glass_of_water \
bottle_of_juice | a count | home kitchen restaurant | day | past want | all
drink drinks drank drinking 喝 | cup_of_tea cup_of_coffee | bare | home \
cafe | habit | habit | adult
drink drinks drank drinking 喝 | glass_of_milk bottle_of_juice | bare | \
home school | habit | habit | all
watch watches watched watching 看 | film | a a the | cinema home | evening \
| past future progressive want plan | all
watch watches watched watching 看 | film | bare | cinema home | weekly | \
habit | all
borrow borrows borrowed borrowing 借 | book novel | a a count the | \
from_library | any | past future want | all
wear wears wore wearing 穿着 | coat shirt dress dress | described | - | \
today | wear | all
wear wears wore wearing 戴着 | hat hat watch | described | - | today | \
wear | all
"""
# forms, Chinese | places | times | tenses | who | with whom
ACTIVITIES = """
play plays played playing football 踢足球 | park school | light | past \
future progressive habit want can plan | all | with
play plays played playing basketball 打篮球 | park school | light | past \
future progressive habit want can plan | all | with
play plays played playing the_piano 弹钢琴 | home school | day | past \
progressive habit want can | all | -
play plays played playing chess 下棋 | park home cafe garden | day | past \
future progressive habit want can | all | with
swim swims swam swimming 游泳 | river | light | past future progressive \
habit want can plan | all | with
run runs ran running 跑步 | park riverside | light | past future \
progressive habit want | all | with
dance dances danced dancing 跳舞 | park | day | past progressive \
habit want can | all | with
sing sings sang singing 唱歌 | park garden home | day | past progressive \
habit want can | all | with
take takes took taking a_walk 散步 | park riverside garden | day | past \
future progressive habit want plan | all | with
fly flies flew flying a_kite 放风筝 | park riverside | light | past future \
progressive want plan | all | with
fish fishes fished fishing 钓鱼 | riverside | light | progressive | all | \
with
go goes went going fishing 去钓鱼 | - | light | past future habit want \
plan | all | with
go goes went going shopping 去买东西 | - | light | past future habit want \
plan | all | with
study studies studied studying 学习 | library home school cafe | day | \
past future progressive habit want must | young | with
study studies studied studying chinese 学习中文 | school library home | \
day | past future progressive habit want plan | all | with
do does did doing homework 做·作业 | home library | evening | past future \
progressive habit must | young | with
watch watches watched watching television 看电视 | home | evening | past \
future progressive habit want | all | with
listen listens listened listening to_music 听音乐 | home park bus train | \
day | past progressive habit want | all | -
cook cooks cooked cooking dinner 做·晚饭 | home kitchen | night | past \
future progressive habit must | adult | -
have has had having lunch 吃·午饭 | school restaurant park | noon | past \
progressive habit | all | with
have has had having breakfast 吃·早饭 | home cafe | morning | past \
progressive habit | all | with
work works worked working 工作 | hospital school library shop | habit | \
progressive habit want | adult | -
sleep sleeps slept sleeping 睡觉 | home bus train | now | progressive want \
| all | -
wait waits waited waiting for_the_bus 等公共汽车 | station | now | \
progressive | all | with
clean cleans cleaned cleaning the_kitchen 打扫·厨房 | - | day | past \
future progressive must | all | -
"""
# key, English, Chinese after 在
PLACES = """
shop in_the_shop 在商店
bookshop in_the_bookshop 在书店
market at_the_market 在市场
station at_the_station 在车站
library in_the_library 在图书馆
park in_the_park 在公园里
home at_home 在家里
cafe in_the_cafe 在咖啡馆
garden in_the_garden 在花园里
kitchen in_the_kitchen 在厨房里
school at_school 在学校
restaurant in_the_restaurant 在饭馆
hospital in_the_hospital 在医院
cinema at_the_cinema 在电影院
train on_the_train 在火车上
bus on_the_bus 在公共汽车上
riverside by_the_river 在河边
river in_the_river 在河里
table under_the_table 在桌子下面
chair under_the_chair 在椅子下面
bed under_the_bed 在床下面
bag in_the_bag 在包里
from_library from_the_library 从图书馆
"""
