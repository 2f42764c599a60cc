"""Sentences in many languages, each with the encodings in use for them before UTF-8, to read without a declaration.

`KNOWN` is what the tests read. `HELD_OUT` says other things: nothing was tuned on it, and the accuracy that is
reported is on it.
"""

CODECS = {
    "zh": ("gb18030",),
    "zh-hant": ("big5hkscs",),
    "ja": ("cp932", "euc_jp", "iso2022_jp", "utf_16_le"),
    "ko": ("cp949",),
    "ru": ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic", "utf_16_be"),
    "uk": ("cp1251", "koi8_u"),
    "el": ("cp1253", "iso8859_7"),
    "he": ("cp1255",),
    "ar": ("cp1256", "iso8859_6"),
    "th": ("cp874",),
    "tr": ("cp1254",),
    "pl": ("cp1250", "iso8859_2"),
    "cs": ("cp1250", "iso8859_2"),
    "hu": ("cp1250", "iso8859_2"),
    "lt": ("cp1257",),
    "de": ("cp1252", "iso8859_15"),
    "fr": ("cp1252",),
    "es": ("cp1252", "utf_16_le"),
}

KNOWN = {
    "zh": (
        "磨坊每天早上六点开门，农民们把小麦装在麻袋里送过来。",
        "石磨转得太快，面粉就会发热，味道也会变差。",
        "如果水位太低，我们只能等到下雨以后再开工。",
    ),
    "zh-hant": (
        "磨坊每天早上六點開門，農民們把小麥裝在麻袋裡送過來。",
        "石磨轉得太快，麵粉就會發熱，味道也會變差。",
        "如果水位太低，我們只能等到下雨以後再開工。",
    ),
    "ja": (
        "水車小屋は毎朝六時に開き、農家の人たちが小麦を運んできます。",
        "石臼が速く回りすぎると、粉が熱くなって味が落ちます。",
        "水位が低いときは、雨が降るまで待たなければなりません。",
    ),
    "ko": (
        "방앗간은 매일 아침 여섯 시에 문을 열고 농부들이 밀을 가져옵니다.",
        "맷돌이 너무 빨리 돌면 밀가루가 뜨거워져서 맛이 떨어집니다.",
        "물이 부족하면 비가 올 때까지 기다려야 합니다.",
    ),
    "ru": (
        "Мельница открывается каждое утро в шесть часов, и крестьяне привозят пшеницу в мешках.",
        "Если жернов вращается слишком быстро, мука нагревается и теряет вкус.",
        "Когда воды в реке мало, приходится ждать дождя.",
    ),
    "uk": (
        "Млин відчиняється щоранку о шостій годині, і селяни привозять пшеницю в мішках.",
        "Якщо жорно обертається надто швидко, борошно нагрівається і втрачає смак.",
        "Коли води в річці мало, доводиться чекати на дощ.",
    ),
    "el": (
        "Ο μύλος ανοίγει κάθε πρωί στις έξι και οι αγρότες φέρνουν το σιτάρι σε σακιά.",
        "Αν η μυλόπετρα γυρίζει πολύ γρήγορα, το αλεύρι ζεσταίνεται και χάνει τη γεύση του.",
        "Όταν το νερό είναι λίγο, πρέπει να περιμένουμε τη βροχή.",
    ),
    "he": (
        "הטחנה נפתחת בכל בוקר בשעה שש, והחקלאים מביאים את החיטה בשקים.",
        "אם אבן הריחיים מסתובבת מהר מדי, הקמח מתחמם ומאבד את טעמו.",
        "כאשר אין מספיק מים בנחל, צריך לחכות לגשם.",
    ),
    "ar": (
        "تفتح الطاحونة أبوابها كل صباح في الساعة السادسة ويأتي الفلاحون بالقمح في أكياس.",
        "إذا دار حجر الرحى بسرعة كبيرة ارتفعت حرارة الدقيق وفقد طعمه.",
        "عندما يقل الماء في النهر علينا أن ننتظر المطر.",
    ),
    "th": (
        "โรงสีเปิดทุกเช้าเวลาหกโมง และชาวนานำข้าวมาส่งเป็นกระสอบ",
        "ถ้าหินโม่หมุนเร็วเกินไป แป้งจะร้อนและเสียรสชาติ",
        "เมื่อน้ำในแม่น้ำมีน้อย เราต้องรอให้ฝนตกก่อน",
    ),
    "tr": (
        "Değirmen her sabah saat altıda açılır ve çiftçiler buğdayı çuvallarla getirir.",
        "Değirmen taşı çok hızlı dönerse un ısınır ve tadını kaybeder.",
        "Irmakta su azalınca yağmurun yağmasını beklemek gerekir, başka çaremiz yoktur.",
    ),
    "pl": (
        "Młyn otwiera się każdego ranka o szóstej, a rolnicy przywożą pszenicę w workach.",
        "Jeśli kamień młyński obraca się zbyt szybko, mąka się nagrzewa i traci smak.",
        "Gdy w rzece jest mało wody, trzeba czekać na deszcz, więc żaden młynarz się nie śpieszy.",
    ),
    "cs": (
        "Mlýn se otevírá každé ráno v šest hodin a rolníci přivážejí pšenici v pytlích.",
        "Když se mlýnský kámen otáčí příliš rychle, mouka se zahřívá a ztrácí chuť.",
        "Je-li v řece málo vody, musíme počkat, až zaprší, jinak kolo nepůjde roztočit.",
    ),
    "hu": (
        "A malom minden reggel hat órakor nyit, és a gazdák zsákokban hozzák a búzát.",
        "Ha a malomkő túl gyorsan forog, a liszt felmelegszik, és elveszti az ízét.",
        "Ha kevés a víz a folyóban, meg kell várnunk az esőt, különben a kerék nem fordul.",
    ),
    "lt": (
        "Malūnas atidaromas kiekvieną rytą šeštą valandą, ir ūkininkai atveža kviečius maišuose.",
        "Jei girnos sukasi per greitai, miltai įkaista ir praranda skonį.",
        "Kai upėje mažai vandens, tenka laukti lietaus, nes kitaip ratas nesisuks.",
    ),
    "de": (
        "Die Mühle öffnet jeden Morgen um sechs Uhr, und die Bauern bringen den Weizen in Säcken.",
        "Wenn der Mühlstein sich zu schnell dreht, wird das Mehl heiß und verliert an Geschmack.",
        "Führt der Fluss zu wenig Wasser, müssen wir auf Regen warten.",
    ),
    "fr": (
        "Le moulin ouvre chaque matin à six heures, et les fermiers apportent le blé récolté dans des sacs.",
        "Si la meule tourne trop vite, la farine s’échauffe et perd son goût dès la première journée.",
        "Quand la rivière est à sec, il faut espérer qu’il pleuve bientôt après l’été.",
    ),
    "es": (
        "El molino abre todas las mañanas a las seis, y los campesinos traen allí el trigo en sacos.",
        "Si la piedra gira con demasiada rapidez, la harina se calentará y perderá también el sabor.",
        "Cuando el río lleva poca agua, según el dueño, habrá que esperar hasta el otoño.",
    ),
}

HELD_OUT = {
    "zh": (
        "要安装这个程序，请先下载压缩包，然后在终端里运行安装脚本。",
        "昨天的面包没有发起来，可能是因为酵母已经过期了。",
        "这个函数返回一个列表，里面是所有符合条件的文件名。",
    ),
    "zh-hant": (
        "要安裝這個程式，請先下載壓縮檔，然後在終端機裡執行安裝指令。",
        "昨天的麵包沒有發起來，可能是因為酵母已經過期了。",
        "這個函式會傳回一個串列，裡面是所有符合條件的檔名。",
    ),
    "ja": (
        "このプログラムを使うには、まず圧縮ファイルをダウンロードして展開してください。",
        "昨日のパンは膨らみませんでした。酵母が古かったのかもしれません。",
        "この関数は条件に合うファイル名の一覧を返します。",
    ),
    "ko": (
        "이 프로그램을 설치하려면 먼저 압축 파일을 내려받아 풀어야 합니다.",
        "어제 구운 빵은 부풀지 않았는데 효모가 오래된 것 같습니다.",
        "이 함수는 조건에 맞는 파일 이름의 목록을 돌려줍니다.",
    ),
    "ru": (
        "Чтобы установить программу, сначала скачайте архив и распакуйте его в отдельную папку.",
        "Вчера хлеб не поднялся: видимо, дрожжи были слишком старыми.",
        "Эта функция возвращает список всех файлов, подходящих под условие.",
    ),
    "uk": (
        "Щоб встановити програму, спочатку завантажте архів і розпакуйте його в окрему теку.",
        "Учора хліб не піднявся: мабуть, дріжджі були занадто старі.",
        "Ця функція повертає перелік усіх файлів, які відповідають умові.",
    ),
    "el": (
        "Για να εγκαταστήσετε το πρόγραμμα, κατεβάστε πρώτα το αρχείο και αποσυμπιέστε το.",
        "Χθες το ψωμί δεν φούσκωσε, μάλλον επειδή η μαγιά ήταν παλιά.",
        "Αυτή η συνάρτηση επιστρέφει όλα τα αρχεία που ταιριάζουν.",
    ),
    "he": (
        "כדי להתקין את התוכנה יש להוריד קודם את הקובץ ולפתוח אותו בתיקייה נפרדת.",
        "אתמול הלחם לא תפח, כנראה שהשמרים היו ישנים מדי.",
        "הפונקציה הזאת מחזירה רשימה של כל הקבצים המתאימים.",
    ),
    "ar": (
        "لتثبيت البرنامج قم أولا بتنزيل الملف المضغوط ثم افتحه في مجلد جديد.",
        "لم ينتفخ الخبز أمس ولعل السبب أن الخميرة كانت قديمة.",
        "ترجع هذه الدالة قائمة بأسماء كل الملفات المطابقة.",
    ),
    "th": (
        "หากต้องการติดตั้งโปรแกรม ให้ดาวน์โหลดไฟล์แล้วแตกไฟล์ออกมาก่อน",
        "ขนมปังเมื่อวานไม่ขึ้นฟู คงเป็นเพราะยีสต์เก่าเกินไป",
        "ฟังก์ชันนี้คืนค่ารายชื่อไฟล์ทั้งหมดที่ตรงกับเงื่อนไข",
    ),
    "tr": (
        "Programı kurmak için önce sıkıştırılmış dosyayı indirin ve ayrı bir klasöre açın.",
        "Dün ekmek kabarmadı, büyük olasılıkla maya çok eskiydi.",
        "Bu işlev, koşula uyan bütün dosyaların adlarını içeren bir liste döndürür.",
    ),
    "pl": (
        "Aby zainstalować program, najpierw pobierz archiwum i rozpakuj je w osobnym katalogu.",
        "Wczoraj chleb nie wyrósł, prawdopodobnie drożdże były już za stare.",
        "Ta funkcja zwraca listę wszystkich plików, które spełniają podany warunek.",
    ),
    "cs": (
        "Chcete-li program nainstalovat, nejprve stáhněte archiv a rozbalte jej do zvláštní složky.",
        "Včera chléb nevykynul, droždí už bylo nejspíš příliš staré.",
        "Tato funkce vrací seznam všech souborů, které vyhovují zadané podmínce.",
    ),
    "hu": (
        "A program telepítéséhez először töltse le az archívumot, majd bontsa ki egy külön mappába.",
        "Tegnap nem kelt meg a kenyér, valószínűleg túl régi volt az élesztő.",
        "Ez a függvény visszaadja az összes olyan fájl nevét, amely megfelel a feltételnek.",
    ),
    "lt": (
        "Norėdami įdiegti programą, pirmiausia atsisiųskite archyvą ir išskleiskite jį į atskirą aplanką.",
        "Vakar duona neiškilo, greičiausiai mielės buvo per senos.",
        "Ši funkcija grąžina sąrašą visų failų, kurie tenkina nurodytą sąlygą.",
    ),
    "de": (
        "Um das Programm zu installieren, laden Sie zunächst das Archiv und öffnen es in einem neuen Ordner.",
        "Gestern ist das Brot nicht aufgegangen, vermutlich war die Hefe schon zu alt für süßen Teig.",
        "Diese Funktion gibt alle Dateien zurück, für die die Bedingung erfüllt ist.",
    ),
    "fr": (
        "Pour installer le logiciel, téléchargez d’abord l’archive, puis décompressez-la dans un dossier séparé.",
        "Hier le pain n’a pas levé, la levure était sans doute périmée depuis longtemps.",
        "Cette méthode renvoie la liste des fichiers trouvés où la condition est vérifiée.",
    ),
    "es": (
        "Para instalar el programa, descargue primero el archivo y descomprímalo en una carpeta vacía según el menú.",
        "Ayer el pan no subió; quizás la levadura tenía más años que el panadero.",
        "Esta función devuelve una lista con los nombres de los ficheros que cumplirán la condición.",
    ),
}


def texts(sentences: tuple[str, ...]) -> dict[str, str]:
    """The same sentences as one line, as a paragraph, as a long text, and as a page of HTML in English markup."""
    paragraph = " ".join(sentences)
    items = "".join(f'<li class="entry"><a href="/page/{at}">{text}</a></li>\n' for at, text in enumerate(sentences))
    page = (
        '<!DOCTYPE html>\n<html>\n<head>\n<title>Example &amp; co.</title>\n<script>var a = "b";</script>\n</head>\n'
        f'<body class="home">\n<div id="content"><p>{paragraph}</p>\n<ul>{items}</ul></div>\n</body>\n</html>\n'
    )
    return {"sentence": sentences[0], "paragraph": paragraph, "long": "\n".join([paragraph] * 10), "page": page}
